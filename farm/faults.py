"""How a run meets what goes wrong: how often it tries, how long it waits, how much of the disk it leaves free."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

#: With less free space than this a failure is the disk's fault, bytes.
_FULL_BELOW = 32 * 1024 * 1024

#: Free space is asked for this often, seconds: it is a call to a server where the folder lies on one.
_ASK_SECONDS = 1.0

#: A worker may be silent for so many times the longest silence between two signs of work, and at least so long.
_SILENCES, _SHORTEST_STALL = 30.0, 300.0

#: The same before anything was measured, seconds: the first frame of a path tracer may take its time.
_UNMEASURED_STALL = 3600.0


@dataclass(frozen=True)
class Faults:
    """max_tries: tries a chunk has; stall: seconds without a sign after which a busy worker is ended, None to judge by
    the frames so far; max_chunks: chunks after which a worker is replaced, max_memory: MB of memory beyond which it is,
    None for never; fail_fast: the first scene that fails ends the run; reserve: MB of the disk left free, a run waits
    for room; 0 to end it when the disk is full.
    """

    max_tries: int = 3
    stall: float | None = None
    max_chunks: int | None = None
    max_memory: int | None = None
    fail_fast: bool = False
    reserve: int = 256


class Silence:
    """How long a busy worker may be silent."""

    def __init__(self, stall: float | None) -> None:
        self._stall = stall
        self._longest = 0.0

    def heard_after(self, seconds: float) -> None:
        """A busy worker gave a sign after so many seconds."""
        self._longest = max(self._longest, seconds)

    @property
    def patience(self) -> float:
        """Seconds."""
        if self._stall is not None:
            return self._stall
        return max(_SHORTEST_STALL, _SILENCES * self._longest) if self._longest else _UNMEASURED_STALL


class Room:
    """The free space of the disk that a folder is on."""

    def __init__(self, folder: Path, reserve: int) -> None:
        self._folder, self._reserve = folder, reserve * 1024 * 1024
        self._asked = float("-inf")
        self._lacking = ""

    @property
    def waits(self) -> bool:
        """Whether a full disk is waited for, rather than an end of the run."""
        return self._reserve > 0

    def lacking(self) -> str:
        """A sentence while work must wait for room, else ""; cheap enough to be asked all the time."""
        if self.waits and time.monotonic() - self._asked >= _ASK_SECONDS:
            self._asked = time.monotonic()
            # Never below what makes a failure the disk's: such a chunk must wait, not be tried at once.
            free, least = self._free(), max(self._reserve, _FULL_BELOW)
            self._lacking = "" if free >= least else f"waits for room: {_mb(free)} MB free, {_mb(least)} are wanted"
        return self._lacking

    def full(self) -> str:
        """A sentence where the disk has no room for anything now, else ""."""
        free = self._free()
        if free >= _FULL_BELOW:
            return ""
        self._asked = float("-inf")
        return (
            f"{self._folder}: the disk is full ({_mb(free)} MB free); make room and start again, "
            "finished chunks are kept"
        )

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free


def _mb(size: int) -> int:
    return size // 1024 // 1024
