"""Writing the gallery's own files."""

from __future__ import annotations

import os
from pathlib import Path

from blender_addon.dataset.partial import beside

from ...errors import FarmError


class NotWrittenError(FarmError):
    """A file of the gallery cannot be written; what stood there before still stands."""


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that readers see whole at every moment; NotWrittenError where that cannot be.

    It need not outlive a power cut, for the next start of the gallery writes it again.
    """
    partial = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotWrittenError(f"{path}: cannot be written ({reason}); --out names another folder") from error
