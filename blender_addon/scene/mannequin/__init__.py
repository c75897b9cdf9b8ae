"""Mannequins: the built-in actors without the people's data."""
