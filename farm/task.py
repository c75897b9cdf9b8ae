"""What there is to do for one subject: its frames, in chunks, on a medium."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .subjects import Subject


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of frames (from 1, both counted) and what it is rendered to: a video, or the folder of its pictures.

    place: the path of that, as text, for a run holds a hundred thousand of them, and a Path takes more memory with each
    use; record: what was seen of its frames when it was decoded, as its medium needs it to put chunks together.
    """

    first: int
    last: int
    place: str
    record: str = field(default="", compare=False, repr=False)

    @property
    def path(self) -> Path:
        return Path(self.place)

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Task:
    """One subject to render.

    first, last: the frames to render; fingerprint: of all that decides the picture; picture: the finished video
    without sound, or the folder of its pictures; video: the one with sound; folder: where chunks lie; medium: what
    the frames are kept in; made_from: the fingerprint's parts by name, as plain data, to tell what changed; missing:
    the chunks still to render; present: those rendered before; done: nothing is left to render.
    """

    subject: Subject
    first: int
    last: int
    fingerprint: str
    picture: Path
    video: Path
    folder: Path
    medium: Medium
    made_from: dict[str, Any] = field(default_factory=dict)
    missing: tuple[Chunk, ...] = ()
    present: tuple[Chunk, ...] = ()
    done: bool = False
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.subject.id)

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def is_part(self) -> bool:
        """Whether a range of frames was asked for, which has a name of its own."""
        return self.video.stem != self.name

    @property
    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of their frames."""
        return sorted((*self.missing, *self.present), key=lambda chunk: chunk.first)


@dataclass(frozen=True)
class Remains:
    """What lies in a task's places and is no use to it.

    others: fingerprints of what was rendered from something else, the finished work's first; damaged: files that are
    not whole, or not what their names say; lengths: a sentence on each whose number of frames is wrong.
    """

    others: tuple[str, ...] = ()
    damaged: tuple[Path, ...] = ()
    lengths: tuple[str, ...] = ()


class Medium(Protocol):
    """What rendered frames are kept in: clips that are joined to one video, or pictures."""

    def finished(self, task: Task) -> str:
        """ "done" for the task's own finished work, a notice for a stranger's that is kept, "" to render."""

    def rendered(self, task: Task) -> list[Chunk]:
        """What earlier runs rendered and is whole, in order, none overlapping another."""

    def remains(self, task: Task) -> Remains:
        """What of earlier work cannot be used, for the user to know; changes nothing."""

    def target(self, task: Task, first: int, last: int) -> Path:
        """What a range of frames is rendered to."""

    def check(self, task: Task, chunk: Chunk) -> Chunk:
        """Decode a chunk; returns it with its record. FarmError where it is not whole, which is then gone."""

    def is_there(self, task: Task, chunk: Chunk) -> bool:
        """Whether a chunk seems to have been rendered to its end, so that it is worth a check; cheap."""

    def missing(self, task: Task, chunk: Chunk) -> list[Chunk]:
        """What of a chunk whose rendering broke off is still to render."""

    def assemble(self, task: Task, chunks: Sequence[Chunk]) -> None:
        """Put what was rendered, the whole task in checked chunks, under the task's final name."""


def tag(fingerprint: str) -> str:
    """The comment by which a finished file says what it was made from."""
    return f"{TAG}{fingerprint}"


def fingerprint_of(comment: str) -> str:
    """What such a comment says; "" for any other."""
    return comment.removeprefix(TAG).split(" ")[0] if comment.startswith(TAG) else ""


#: How every such comment begins.
TAG = "interact-farm "
