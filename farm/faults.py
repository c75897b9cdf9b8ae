"""How a run meets what goes wrong: how often it tries, how long it waits, how much of the disk it leaves free."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import FarmError

#: With less free space than this a failure is the disk's fault, bytes.
_FULL_BELOW = 32 * 1024 * 1024

#: Free space is asked for this often, seconds: it is a call to a server where the folder lies on one.
_ASK_SECONDS = 1.0

#: A worker may be silent for so many times the longest silence between two signs of work, and at least so long.
_SILENCES, _SHORTEST_STALL = 30.0, 300.0

#: The same before anything was measured, seconds: the first frame of a path tracer may take its time.
_UNMEASURED_STALL = 3600.0

#: A machine on which so many different scenes failed in a row is at fault itself.
_SCENES_IN_A_ROW = 3


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


class Machines:
    """Which machines are at fault, rather than what they render: by the scenes that failed in a row on each."""

    def __init__(self) -> None:
        self._failed: dict[str, list[str]] = {}
        self._good: set[str] = set()

    def worked(self, host: str) -> None:
        """A chunk that was rendered there is whole."""
        self._good.add(host)
        self._failed.pop(host, None)

    def failed(self, host: str, scene: str) -> bool:
        """A chunk of a scene failed there. Returns whether so many different ones did, and nothing else since."""
        row = self._failed.setdefault(host, [])
        if scene not in row:
            row.append(scene)
        return len(row) >= _SCENES_IN_A_ROW

    def row(self, host: str) -> list[str]:
        """The scenes that failed there last, in a row."""
        return [*self._failed.get(host, ())]

    def ever_worked(self, host: str) -> bool:
        return host in self._good


class Room:
    """The free space of the disk that a folder is on."""

    def __init__(self, folder: Path, reserve: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._reserve, self._clock = folder, reserve * 1024 * 1024, clock
        self._asked = float("-inf")
        self._lacking = ""

    @property
    def waits(self) -> bool:
        """Whether a full disk is waited for, rather than an end of the run."""
        return self._reserve > 0

    def lacking(self) -> str:
        """A sentence while work must wait for room, else ""; cheap enough to be asked all the time. FarmError where the
        folder is gone."""
        if self.waits and self._clock() - self._asked >= _ASK_SECONDS:
            self._asked = self._clock()
            # Never below what makes a failure the disk's: such a chunk must wait, not be tried at once.
            free, least = self._free(), max(self._reserve, _FULL_BELOW)
            self._lacking = "" if free >= least else f"waits for room: {_mb(free)} MB free, {_mb(least)} are wanted"
        return self._lacking

    def full(self) -> str:
        """A sentence where the disk has no room for anything now, else ""; FarmError as above."""
        free = self._free()
        if free >= _FULL_BELOW:
            return ""
        self._asked = float("-inf")
        return (
            f"{self._folder}: the disk is full ({_mb(free)} MB free); make room and start again, "
            "finished chunks are kept"
        )

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self._folder).free
        except OSError as error:
            raise FarmError(
                f"{self._folder}: the output folder went away ({error.strerror}); start again when it is back"
            ) from error


def _mb(size: int) -> int:
    return size // 1024 // 1024
