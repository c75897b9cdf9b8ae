"""Temporary folders of workers: what Blender leaves in them goes with them, however it ended."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

import filelock

from blender_addon.dataset.batch import SCRATCH

from .errors import FarmError

#: One that was left is cleared away by the next that is made, if it is older: it was not just about to be locked.
_LEFT_SECONDS = 3600.0


class Scratch:
    """A new temporary folder, until `remove`.

    It is locked as long as this process lives. Where the process is killed the worker removes it when it notices; one
    whose worker was killed as well goes when the next is made.
    """

    def __init__(self) -> None:
        _clear_left()
        try:
            self.path = Path(tempfile.mkdtemp(prefix=SCRATCH))
            self._lock = _lock(self.path)
            self._lock.acquire(timeout=0)
        except OSError as error:
            raise FarmError(f"{tempfile.gettempdir()}: no temporary folder can be made there ({error})") from error

    def environment(self) -> dict[str, str]:
        """What makes it a process's temporary folder, on every system."""
        return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.path))

    def remove(self) -> None:
        """Also where it is gone already."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def _lock(folder: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(folder / "lock", thread_local=False)


def _clear_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        try:
            found = folder.lstat()
            # The temporary folder is everybody's: what is another's, or leads elsewhere, is not touched.
            own = stat.S_ISDIR(found.st_mode) and (os.name != "posix" or found.st_uid == os.getuid())
            if own and time.time() - found.st_mtime > _LEFT_SECONDS:
                with _lock(folder).acquire(timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
        except (OSError, filelock.Timeout):
            continue  # it goes at this moment, or its driver lives
