"""Names in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

#: As many are named; a job can have thousands of scenes, a face thousands of pictures.
_MOST_NAMED = 3


def few(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
