"""A scene's video that comes into being in Blender's own window: pictures, parts of it, the whole, all in files."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import matroska, png
from .errors import DatasetError
from .naming import SceneId
from .results import RUNS_FOLDER

#: What a finished video says in its tag `COMMENT`, before the fingerprint of what it was made from. The farm takes it
#: for another program's work: it keeps it, and adds the sound to it.
MADE_HERE = "InterAct in Blender "

#: The most frames of a part: so many pictures lie about at most.
PART_FRAMES = 300

_NAME = re.compile(r"(\d{6})-(\d{6})\.mkv")
_PICTURE = re.compile(r"(\d{4,6})\.png")


@dataclass(frozen=True)
class Part:
    """Frames `first` to `last` (from 1, both counted) in a file."""

    first: int
    last: int
    path: Path

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Parts:
    """What there is of one scene. folder: where parts and pictures lie; video: what they become, without sound; frames:
    of the whole; mark: what its comment says."""

    folder: Path
    video: Path
    frames: int
    mark: str

    @classmethod
    def of(cls, output: Path, scene: SceneId, frames: int, fingerprint: str) -> Parts:
        """As the farm names them, so that its commands find them."""
        folder = output / RUNS_FOLDER / "chunks" / f"{scene}-{fingerprint}"
        video = output / "body_renders_noaudio" / f"{scene}.mkv"
        return cls(folder, video, frames, MADE_HERE + fingerprint)

    @property
    def pictures(self) -> Path:
        """The folder of the frames that are rendered and not yet in a part."""
        return self.folder / "pictures"

    def finished(self) -> str:
        """ "here" where the video is there and was made here from the same, "elsewhere" where another program made it,
        "" where it is to be rendered."""
        if not self.video.is_file():
            return ""
        try:
            clip = matroska.read(self.video)
        except DatasetError:
            return ""  # half a file, or none of ours: the new one takes its place
        comment = clip.tags.get("comment", "")
        if not comment.startswith(MADE_HERE):
            return "elsewhere"
        return "here" if comment == self.mark and len(clip.frames) == self.frames else ""

    def parts(self) -> list[Part]:
        """The parts that are whole, in order, none overlapping another."""
        found: list[Part] = []
        names = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        for path in names:
            if not (name := _NAME.fullmatch(path.name)):
                continue
            part = Part(int(name[1]), int(name[2]), path)
            follows = part.first > (found[-1].last if found else 0)
            if follows and part.first <= part.last <= self.frames and _frames_in(path) == part.frames:
                found.append(part)
        return found

    def pictured(self) -> set[int]:
        """The frames that are there as pictures: a picture has its name only when it is whole."""
        names = [path.name for path in self.pictures.iterdir()] if self.pictures.is_dir() else []
        return {int(found[1]) for name in names if (found := _PICTURE.fullmatch(name))}

    def drop_broken_pictures(self) -> None:
        """Have the frames rendered again whose pictures a power cut left less than whole."""
        for frame in self.pictured():
            path = self.pictures / f"{frame:04d}.png"
            if not png.is_whole(path):
                path.unlink()

    def missing(self, parts: Iterable[Part], pictured: Iterable[int]) -> list[int]:
        """The frames that are neither in these parts nor among the pictures, in order."""
        there = {*pictured, *(frame for part in parts for frame in range(part.first, part.last + 1))}
        return [frame for frame in range(1, self.frames + 1) if frame not in there]

    def next_part(self, parts: Iterable[Part], pictured: set[int]) -> Part | None:
        """What pictures to make a part of next: as many as follow one another; None where they should grow first."""
        taken = {frame for part in parts for frame in range(part.first, part.last + 1)}
        first = next((frame for frame in sorted(pictured) if frame not in taken), None)
        if first is None:
            return None
        last = first
        while last + 1 in pictured and last + 1 not in taken and last - first + 1 < PART_FRAMES:
            last += 1
        ends = last == self.frames or last + 1 in taken
        if last - first + 1 < PART_FRAMES and not ends:
            return None
        return Part(first, last, self.folder / f"{first:06d}-{last:06d}.mkv")

    def take(self, part: Part, written: Path) -> None:
        """Put a part that was written beside in its place; its pictures go. DatasetError where it is not whole."""
        there = _frames_in(written)
        if there != part.frames:
            written.unlink(missing_ok=True)
            raise DatasetError(
                f"{self.folder}: {there} of {part.frames} frames were written; is the folder writable and not full?"
            )
        with open(written, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(written, part.path)
        for frame in range(part.first, part.last + 1):
            (self.pictures / f"{frame:04d}.png").unlink(missing_ok=True)

    def join(self) -> None:
        """Make the video of the parts, which go. DatasetError where they do not fit, or it cannot be written."""
        there = self.parts()
        if self.missing(there, ()):
            raise DatasetError(f"{self.folder}: not all of its {self.frames} frames are there; render them first")
        matroska.join([part.path for part in there], self.video, tags={"comment": self.mark})
        self.drop()

    def drop(self) -> None:
        """Forget what has been rendered and is not joined."""
        shutil.rmtree(self.folder, ignore_errors=True)


def fingerprint(files: Iterable[Path], *settings: object) -> str:
    """Of what a video is made from: files by their content, settings by how they print."""
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        digest.update(path.name.encode() + b"\0")
        try:
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        except FileNotFoundError:
            digest.update(b"missing")
        except OSError as error:
            raise DatasetError(f"{path}: cannot be read ({error.strerror or error})") from error
    digest.update("\n".join(map(repr, settings)).encode())
    return digest.hexdigest()


def _frames_in(path: Path) -> int:
    """How many frames a file has; 0 where it is not whole."""
    try:
        return len(matroska.read(path).frames)
    except DatasetError:
        return 0
