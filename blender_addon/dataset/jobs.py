"""Job files: one scene (body) or performance (face) a line; blank lines and `#` comments are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from .errors import DatasetError
from .naming import NamingError, PerformanceId, SceneId

Id = TypeVar("Id", bound=SceneId | PerformanceId)


@dataclass(frozen=True)
class Line(Generic[Id]):
    """One line that names something: where it stands, what it names, or why it names nothing."""

    number: int
    text: str
    id: Id | None
    problem: str = ""


@dataclass(frozen=True)
class Job(Generic[Id]):
    """A job file read: every naming line in order; duplicates stand once in `ids` and leave a notice."""

    path: Path
    lines: tuple[Line[Id], ...]
    notices: tuple[str, ...]

    @property
    def ids(self) -> tuple[Id, ...]:
        """What the job lists, each once, in the file's order."""
        return tuple(dict.fromkeys(line.id for line in self.lines if line.id is not None))

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for every line that names nothing."""
        return tuple(line.problem for line in self.lines if line.problem)


# mypy takes no default for a parameter whose type a type variable tells (python/mypy#3737).
def read(path: Path | str, kind: type[Id] = SceneId) -> Job[Id]:  # type: ignore[assignment]
    """Read a job file of scenes or of performances (`kind`); LF or CRLF.

    A line that is no id is kept with its problem, so that the other lines still count. DatasetError where the
    file cannot be read or names nothing at all.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such job file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read as a job file ({error})") from error
    lines: list[Line[Id]] = []
    notices: list[str] = []
    first: dict[Id, int] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        content = raw.split("#", 1)[0].strip()
        if not content:
            continue
        try:
            found = cast("Id", kind.parse(content))
        except NamingError as error:
            lines.append(Line(number, content, None, f"{path.name}: line {number}: {error}"))
            continue
        if found in first:
            notices.append(f"{path.name}: line {number} repeats {found} of line {first[found]}; it is done once")
        first.setdefault(found, number)
        lines.append(Line(number, content, found))
    if not lines:
        raise DatasetError(f"{path}: lists nothing; write one scene a line, such as 20231119_012")
    return Job(path, tuple(lines), tuple(notices))


def write(path: Path | str, ids: Iterable[SceneId | PerformanceId], comment: str = "") -> None:
    """Write a job file, whole or not at all."""
    path = Path(path)
    beside = path.with_name(path.name + ".partial")
    head = f"# {comment}\n" if comment else ""
    beside.write_text(head + "".join(f"{name}\n" for name in ids), encoding="utf-8", newline="\n")
    os.replace(beside, path)


def split_parts(lengths: Sequence[tuple[Id, int]], parts: int) -> list[list[Id]]:
    """Share ids out so that all parts have about equal work: longest first, each to the emptiest part.

    lengths: (id, frames). Gives at most `parts` lists, none empty; inside a part the given order is kept.
    (Graham, "Bounds on multiprocessing timing anomalies", 1969: within 4/3 of the best possible.)
    """
    if parts < 1:
        raise ValueError("a job is split into at least one part")
    order = {name: n for n, (name, _) in enumerate(lengths)}
    shares: list[list[Id]] = [[] for _ in range(parts)]
    loads = [0] * parts
    for name, frames in sorted(lengths, key=lambda item: -item[1]):
        emptiest = loads.index(min(loads))
        shares[emptiest].append(name)
        loads[emptiest] += frames
    return [sorted(share, key=order.__getitem__) for share in shares if share]


def split_frames(lengths: Sequence[tuple[Id, int]], most: int) -> list[list[Id]]:
    """Fill parts in the given order with at most `most` frames each; a longer scene has a part of its own."""
    shares: list[list[Id]] = []
    load = 0
    for name, frames in lengths:
        if not shares or load + frames > most:
            shares.append([])
            load = 0
        shares[-1].append(name)
        load += frames
    return shares
