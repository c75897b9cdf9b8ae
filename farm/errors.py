"""The farm's own error: one sentence a user can act on, shown without a traceback."""


class FarmError(Exception):
    """Something went wrong that the user can put right; the message says what and how."""
