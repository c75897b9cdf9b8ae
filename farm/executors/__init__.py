"""Where workers run: on this machine (local)."""
