"""What a planned run will take: hours, room on the disk, and whether this machine has it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from blender_addon.dataset import layout

from .audio import BIT_RATE
from .plan import Outputs, Plan
from .task import Task
from .timings import Measured

_MB = 1024 * 1024

#: As many scenes are joined at a time, their chunks and the joined video side by side.
_JOINED_AT_A_TIME = 2


@dataclass(frozen=True)
class Estimate:
    """What is left of a run.

    frames: to render; scenes: that they belong to; workers: that share them; seconds: until all is done, None where
    nothing was measured; silent_bytes: what videos without sound, or pictures, will take in addition; heard_bytes: the
    same of videos with sound, 0 where none is wanted; spare_bytes: what unfinished work takes besides for a while; each
    is None where it is not known. folder: where the results go; free_bytes: what its disk has free; lacks: a sentence
    on each thing that this machine cannot hold.
    """

    frames: int
    scenes: int
    workers: int
    pictures: bool
    seconds: float | None
    silent_bytes: int | None
    heard_bytes: int | None
    spare_bytes: int | None
    folder: Path
    free_bytes: int
    lacks: tuple[str, ...]
    measured: Measured | None

    @property
    def needed_bytes(self) -> int | None:
        """What the disk must have free, as far as it is known; None where nothing is."""
        known = [size for size in (self.silent_bytes, self.heard_bytes, self.spare_bytes) if size is not None]
        return sum(known) if self.silent_bytes is not None else None


def of(
    planned: Plan,
    outputs: Outputs,
    measured: Measured | None,
    *,
    workers: int,
    as_pictures: bool,
    sound: bool,
    reserve: int = 0,
    free: int | None = None,
) -> Estimate:
    """The estimate for a plan. reserve: MB of the disk that a run leaves free; free: bytes of the disk that are, else
    the disk is asked."""
    tasks = [task for task in planned.tasks if task.missing]
    frames, room = planned.frames_missing, _free(outputs.root) if free is None else free
    seconds = silent = heard = spare = None
    if not frames:
        seconds, silent, heard, spare = 0.0, 0, 0, 0
    elif measured:
        at_once = min(workers, sum(len(task.missing) for task in tasks))
        work = frames * measured.frame_seconds + len(tasks) * measured.load_seconds
        seconds = measured.start_seconds + work / at_once
        silent = _bytes(frames, measured.silent_bytes)
        heard = _heard(tasks, measured, as_pictures) if sound else 0
        longest = sorted((task.frames for task in tasks), reverse=True)[:_JOINED_AT_A_TIME]
        spare = 0 if as_pictures else _bytes(sum(longest), measured.silent_bytes)
    made = Estimate(
        frames, len(tasks), workers, as_pictures, seconds, silent, heard, spare, outputs.root, room, (), measured
    )
    needed, usable = made.needed_bytes or 0, max(0, room - reserve * _MB)
    if needed <= usable:
        return made
    kept = f", of which {reserve} MB stay free" if reserve else ""
    lack = (
        f"{outputs.root}: needs about {size(needed)} and has {size(room)} free{kept}; "
        "make room, use --out with another disk, or render a part of the job (`jobs split`)"
    )
    return replace(made, lacks=(lack,))


def size(count: float) -> str:
    """Bytes as people read them: 640 KB, 12.3 GB."""
    for unit, least in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= least:
            value = count / least
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{count / 1e3:.0f} KB"


def _heard(tasks: list[Task], measured: Measured, as_pictures: bool) -> int | None:
    """Videos with sound are made whole, whatever of them was rendered before."""
    each = measured.heard_bytes
    if each is None and not as_pictures and measured.silent_bytes is not None:
        each = measured.silent_bytes + BIT_RATE / 8 / layout.FPS  # the picture is copied
    return _bytes(sum(task.frames for task in tasks), each)


def _bytes(frames: int, each: float | None) -> int | None:
    return None if each is None else round(frames * each)


def _free(folder: Path) -> int:
    """Bytes free where a folder is or will be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
