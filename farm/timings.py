"""What frames took before: the time, and the room on the disk, of those that were rendered with the same look."""

from __future__ import annotations

import json
import re
import sqlite3
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import pictures, state
from .plan import Outputs

#: The latest chunks that count, and tasks whose files are looked at.
_MOST_CHUNKS, _MOST_TASKS = 500, 50

#: As many pictures of each are looked at.
_MOST_PICTURES = 100

_CHUNK = re.compile(r"(\d{6})-(\d{6})\.mkv")


@dataclass(frozen=True)
class Measured:
    """What rendering took, on the average.

    frames: that were measured; frame_seconds: of a worker for a frame; load_seconds: for a scene, before its first
    frame; start_seconds: from a run's start to its first chunk; workers: how many were at work at a time;
    silent_bytes, heard_bytes: of a frame, in the video without sound or as a picture, and in the video with sound,
    None where there is none; source: where this is from, for people.
    """

    frames: int
    frame_seconds: float
    load_seconds: float
    start_seconds: float
    workers: int
    silent_bytes: float | None
    heard_bytes: float | None
    source: str


@dataclass(frozen=True)
class _Attempt:
    """A chunk that was rendered. who: a worker of one start of one run."""

    who: tuple[str, int, str]
    task: str
    frames: int
    load: float
    render: float
    begun: float
    ended: float


@dataclass
class _Bytes:
    """Frames that were found, and the bytes they take."""

    frames: int = 0
    bytes: int = 0

    def add(self, frames: int, size: int) -> None:
        if size and frames > 0:
            self.frames, self.bytes = self.frames + frames, self.bytes + size

    @property
    def each(self) -> float | None:
        return self.bytes / self.frames if self.frames else None


def earlier(outputs: Outputs, kind: str, made_from: Mapping[str, Any], *, as_pictures: bool) -> Measured | None:
    """Of all runs of an output folder with the same template and look; None where they rendered nothing.

    kind: "body" or "face"; made_from: of any of the tasks to be rendered (see Task); as_pictures: each frame a PNG.
    What a record lacks, or a broken one says, is not there.
    """
    alike = {part: value for part, value in made_from.items() if part == "template" or part.startswith("look ")}
    attempts: list[_Attempt] = []
    starts: list[float] = []
    silent, heard = _Bytes(), _Bytes()
    runs = []
    for path in sorted(outputs.state.glob(f"*{state.SUFFIX}"), key=lambda path: -path.stat().st_mtime):
        try:
            with closing(state.read(path)) as db:
                if len(attempts) >= _MOST_CHUNKS or not _is_alike(db, kind, alike, as_pictures):
                    continue
                found = _attempts(db, path.stem)
                starts += _starts(db)
                _weigh(db, outputs, silent, heard, as_pictures)
        except (sqlite3.Error, ValueError, TypeError, KeyError, OSError):
            continue
        attempts += found
        runs += [path.stem] if found else []
    if not attempts:
        return None
    source = f"of {runs[0]}" if len(runs) == 1 else f"of {len(runs)} runs"
    return _summed(attempts, starts, silent.each, heard.each, source)


def _summed(
    attempts: Sequence[_Attempt], starts: Sequence[float], silent: float | None, heard: float | None, source: str
) -> Measured:
    firsts: dict[tuple[str, int, str], _Attempt] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.begun):
        firsts.setdefault(attempt.who, attempt)
    # A worker's first chunk also opens the template and compiles shaders.
    warm = [attempt for attempt in attempts if attempt is not firsts[attempt.who]] or list(attempts)
    loads: dict[tuple[Any, str], float] = defaultdict(float)
    for attempt in attempts:
        loads[attempt.who, attempt.task] += attempt.load
    later = [load for (who, task), load in loads.items() if task != firsts[who].task] or list(loads.values())
    return Measured(
        sum(attempt.frames for attempt in attempts),
        sum(attempt.render for attempt in warm) / sum(attempt.frames for attempt in warm),
        statistics.median(later),
        statistics.median(starts) if starts else 0.0,
        max(1, round(_at_a_time(attempts))),
        silent,
        heard,
        source,
    )


def _at_a_time(attempts: Iterable[_Attempt]) -> float:
    """How many workers were at work, on the average over the time in which any was."""
    by_start: dict[tuple[str, int], list[_Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_start[attempt.who[:2]].append(attempt)
    spans = [(max(a.ended for a in of) - min(a.begun for a in of)) for of in by_start.values()]
    work = sum(attempt.ended - attempt.begun for of in by_start.values() for attempt in of)
    return work / sum(spans) if sum(spans) > 0 else 1.0


def _is_alike(db: sqlite3.Connection, kind: str, alike: Mapping[str, Any], as_pictures: bool) -> bool:
    """Whether a run rendered the same kind of thing with the same look: all of one run's tasks share theirs."""
    run = db.execute("SELECT kind, options FROM run").fetchone()
    one = db.execute("SELECT parts FROM made_from LIMIT 1").fetchone()
    if run is None or one is None or run["kind"] != kind or json.loads(run["options"])["pictures"] != as_pictures:
        return False
    parts = json.loads(one["parts"])
    return all(parts[name] == value for name, value in alike.items())


def _attempts(db: sqlite3.Connection, run: str) -> list[_Attempt]:
    rows = db.execute(
        "SELECT start, worker, task, last - first + 1 AS frames, load_seconds, render_seconds, begun, ended"
        " FROM attempts WHERE outcome = 'done' AND render_seconds > 0 AND ended > begun ORDER BY id DESC LIMIT ?",
        (_MOST_CHUNKS,),
    )
    return [
        _Attempt(
            (run, row["start"], row["worker"]), row["task"], row["frames"], row["load_seconds"] or 0.0,
            row["render_seconds"], row["begun"], row["ended"],
        )
        for row in rows
        if row["frames"] > 0
    ]  # fmt: skip


def _starts(db: sqlite3.Connection) -> list[float]:
    """Seconds from each start to its first chunk."""
    rows = db.execute(
        "SELECT min(a.begun) - s.begun AS seconds FROM attempts a JOIN starts s ON s.number = a.start GROUP BY a.start"
    )
    return [row["seconds"] for row in rows if row["seconds"] >= 0]


def _weigh(db: sqlite3.Connection, outputs: Outputs, silent: _Bytes, heard: _Bytes, as_pictures: bool) -> None:
    """Add the sizes of what is there of a run's tasks: finished work, else chunks."""
    rows = db.execute("SELECT * FROM tasks WHERE picture != '' ORDER BY state = 'done' DESC LIMIT ?", (_MOST_TASKS,))
    for row in rows:
        first, last = row["first"], row["last"]
        if row["state"] == "done":
            picture = _inside(outputs.root, row["picture"])
            if as_pictures:
                for number in range(first, last + 1, 1 + (last - first) // _MOST_PICTURES):
                    silent.add(1, _size(pictures.path_of(picture, number)))
            else:
                silent.add(last - first + 1, _size(picture))
            heard.add(last - first + 1, _size(_inside(outputs.root, row["video"])))
        elif not as_pictures:
            folder = _inside(outputs.runs / "chunks", row["folder"])
            for path in folder.glob("*.mkv") if folder.is_dir() else ():
                if name := _CHUNK.fullmatch(path.name):
                    silent.add(int(name[2]) - int(name[1]) + 1, _size(path))


def _inside(folder: Path, name: str) -> Path:
    """A path that a record names; ValueError where it is none of the folder's."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path} is not in {folder}")
    return path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
