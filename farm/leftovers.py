"""Processes that outlived their driver: a Blender that hangs, or what one started and left.

A worker, and with it all that it starts, is marked with the folder of its logs. Whoever holds the lock of that run's
output folder knows that no driver feeds it any more.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_MARK = "INTERACT_FARM_LOGS"

#: How long the ended may take to be gone, seconds: so long may what they do to a disk hold them.
_GONE_SECONDS = 5.0


def mark(logs: Path) -> dict[str, str]:
    """What a worker's environment says, whose logs lie there."""
    return {_MARK: str(logs.resolve())}


def end(logs: Path) -> None:
    """End the processes of this machine and user whose logs lie below a folder; who calls holds the lock of it."""
    below = logs.resolve()
    found = [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_of(process, below)]
    for process in found:
        try:
            process.kill()
        except psutil.Error:
            continue  # it ended just now
    psutil.wait_procs(found, timeout=_GONE_SECONDS)


def _is_of(process: psutil.Process, logs: Path) -> bool:
    try:
        marked = process.environ().get(_MARK)
    except (psutil.Error, OSError):
        return False  # another user's, or gone
    return marked is not None and Path(marked).is_relative_to(logs)
