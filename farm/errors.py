"""The farm's own error: one sentence a user can act on, shown without a traceback."""


class FarmError(Exception):
    """Something went wrong that the user can put right; the message says what and how."""


def in_words(error: BaseException) -> str:
    """What an exception says, in words for the user: the system's own without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
