"""The click commands, a module a group or a large command: options and tables round plain functions."""
