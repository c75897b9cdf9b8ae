"""Frames kept as pictures: a folder of `0001.png`, `0002.png` ..., each written whole or not at all.

A picture tells what it was made from in its comment, so that the folder needs no list beside it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from blender_addon.dataset import layout, partial

from .errors import FarmError
from .task import TAG, Chunk, Remains, Task, fingerprint_of, tag
from .video import PictureSequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The comment of a picture that says which frame it is.
_NUMBERED = re.compile(rf"({re.escape(TAG)}\S+) frame (\d{{1,9}})")
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


@dataclass(frozen=True)
class Picture:
    """What a PNG's chunks say.

    comment: what its `Comment` says it was made from, or ""; number: the frame it says it is, None where it does not.
    """

    width: int
    height: int
    comment: str
    number: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


@dataclass(frozen=True)
class Pictures:
    """See task.Medium. size: what all pictures must have, None for that of the first."""

    size: tuple[int, int] | None = None

    def finished(self, task: Task) -> str:
        """Whether all pictures are there is `rendered`'s answer; here only whether they are somebody else's."""
        if not task.picture.is_dir():
            return ""
        for number in range(task.first, task.last + 1):
            found = read(path_of(task.picture, number))
            if found is None or found.comment.startswith(TAG):
                return ""
        return f"{task.picture.name}/ was not made by interact-farm and is kept; --overwrite renders it anew"

    def rendered(self, task: Task) -> list[Chunk]:
        return [Chunk(*part, str(task.picture)) for part in ranges(self._own(task, _stored_of(task)))]

    def remains(self, task: Task) -> Remains:
        others, damaged, sizes = Counter[str](), [], 0
        for number, found in _stored_of(task):
            path = path_of(task.picture, number)
            if found is None:
                damaged += [path] if path.is_file() else []
            elif found.comment != tag(task.fingerprint):
                others[fingerprint_of(found.comment)] += 1
            elif found.number not in (None, number):
                damaged.append(path)
            elif self.size not in (None, found.size):
                sizes += 1
        lengths = (f"{sizes} pictures have another size",) if sizes else ()
        return Remains(tuple(other for other, _ in others.most_common() if other), tuple(damaged), lengths)

    def target(self, task: Task, first: int, last: int) -> Path:
        return task.picture

    def check(self, task: Task, chunk: Chunk) -> Chunk:
        size = self.size
        for number in range(chunk.first, chunk.last + 1):
            path = path_of(task.picture, number)
            try:
                found = decode(path)
                if size is not None and found.size != size:
                    raise FarmError(f"{path}: is {found.width}x{found.height}, not {size[0]}x{size[1]}")
            except FarmError:
                path.unlink(missing_ok=True)
                raise
            size = size or found.size
        return chunk

    def is_there(self, task: Task, chunk: Chunk) -> bool:
        return not self.missing(task, chunk)

    def missing(self, task: Task, chunk: Chunk) -> list[Chunk]:
        numbers = range(chunk.first, chunk.last + 1)
        there = set(self._own(task, ((number, read(path_of(task.picture, number))) for number in numbers)))
        absent = (number for number in numbers if number not in there)
        return [Chunk(*part, str(task.picture)) for part in ranges(absent)]

    def assemble(self, task: Task, chunks: Sequence[Chunk]) -> None:
        """Each picture has its final name from the first; what killed workers left beside them goes."""
        for folder in partial.left_of(task.picture):
            shutil.rmtree(folder, ignore_errors=True)

    def _own(self, task: Task, stored: Iterable[tuple[int, Picture | None]]) -> Iterator[int]:
        """The frames among numbered pictures that are the task's and alike in size."""
        size = self.size
        for number, found in stored:
            if found is None or found.comment != tag(task.fingerprint) or found.number not in (None, number):
                continue  # another's, or one that was given another frame's name
            if (size or found.size) == found.size:
                yield number


def _stored_of(task: Task) -> list[tuple[int, Picture | None]]:
    return stored(task.picture, task.first, task.last, task.video)


def stored(folder: Path, first: int, last: int, sounding: Path) -> list[tuple[int, Picture | None]]:
    """Each frame's number with its picture; None where that is missing or damaged. sounding: the video with sound.

    All pixels were read for the video with sound, so that of pictures older than it only the chunks are looked at: a
    data set has a million. Of newer ones each check sum is read.
    """
    heard = sounding.stat().st_mtime_ns if sounding.is_file() else -1

    def one(number: int) -> tuple[int, Picture | None]:
        path = path_of(folder, number)
        try:
            return number, read(path, whole=path.stat().st_mtime_ns >= heard)
        except OSError:
            return number, None

    def some(numbers: range) -> list[tuple[int, Picture | None]]:
        return [one(number) for number in numbers]

    cores = os.cpu_count() or 1
    edges = [first + (last - first + 1) * part // cores for part in range(cores + 1)]
    with ThreadPoolExecutor(cores) as pool:
        return [*itertools.chain.from_iterable(pool.map(some, itertools.starmap(range, itertools.pairwise(edges))))]


def path_of(folder: Path, number: int) -> Path:
    """Where a frame's picture lies, numbered from 1."""
    return folder / f"{number:04d}.png"


def read(path: Path, *, whole: bool = False) -> Picture | None:
    """What a PNG's chunks say; None where it is missing, no PNG or cut short.

    Its pixels are not read, or, with `whole`, only to see that each chunk has its check sum.
    """
    try:
        with open(path, "rb") as file:
            return _picture(_chunks(file, whole=whole))
    except (OSError, ValueError, struct.error):
        return None


def decode(path: Path) -> Picture:
    """The same with every check sum and all pixels read; FarmError where the PNG is damaged."""
    try:
        with open(path, "rb") as file:
            chunks = list(_chunks(file, whole=True))
        picture = _picture(chunks)
        depth, kind = chunks[0][1][8:10]
        pixels = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
        row = 1 + (picture.width * depth * _CHANNELS.get(kind, 1) + 7) // 8
        if len(pixels) != row * picture.height:
            raise ValueError("pixels are missing")
    except FileNotFoundError:
        raise FarmError(f"{path}: was not rendered") from None
    except (OSError, ValueError, struct.error, zlib.error) as error:
        raise FarmError(f"{path}: is no whole PNG ({error}); render it again") from error
    return picture


def sequence(folder: Path, first: int, last: int) -> PictureSequence:
    """The pictures `first` to `last` as a video at 30 fps; FarmError where one is missing, cut short or unlike in size.

    Its comment is that of the pictures, where they all have the same.
    """
    digest = hashlib.blake2b(digest_size=8)
    sizes: dict[tuple[int, int], int] = {}
    comments: set[str] = set()
    for number in range(first, last + 1):
        path = path_of(folder, number)
        found = read(path)
        if found is None:
            raise FarmError(f"{path}: is missing or cut short; render it again")
        sizes.setdefault(found.size, number)
        comments.add(found.comment)
        facts = path.stat()
        digest.update(f"{number} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    if len(sizes) > 1:
        (_, one), (other, another) = list(sizes.items())[:2]
        raise FarmError(f"{path_of(folder, another)}: is {other[0]}x{other[1]}, unlike picture {one}; render it again")
    width, height = next(iter(sizes))
    same = comments.pop() if len(comments) == 1 else ""
    comment = same if same.startswith(TAG) else f"{TAG}{digest.hexdigest()}"
    pattern = Path(str(folder).replace("%", "%%")) / "%04d.png"
    return PictureSequence(
        pattern, last - first + 1, Fraction(layout.FPS), width, height, "png", "", {"comment": comment}, first=first
    )


def require_undamaged(folder: Path, first: int, last: int) -> None:
    """FarmError for the first of the pictures `first` to `last` that lost something: ffmpeg would show the rest."""
    for number in range(first, last + 1):
        path = path_of(folder, number)
        if read(path, whole=True) is None:
            raise FarmError(f"{path}: is damaged; render it again")


def _chunks(file: BinaryIO, *, whole: bool) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's name and content; without `whole` only headers and texts are read."""
    size = file.seek(0, 2)
    file.seek(0)
    if file.read(8) != _SIGNATURE:
        raise ValueError("no PNG")
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", file.read(8))
        if file.tell() + length + 4 > size:
            raise ValueError("cut short")
        if whole or name in (b"IHDR", b"tEXt"):
            body = file.read(length)
            (checksum,) = struct.unpack(">I", file.read(4))
            if checksum != zlib.crc32(name + body):
                raise ValueError("a check sum is wrong")
        else:
            body = b""
            file.seek(length + 4, 1)
        yield name, body


def _picture(chunks: Iterable[tuple[bytes, bytes]]) -> Picture:
    width = height = 0
    comment, frame = "", None
    for name, body in chunks:
        if name == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif name == b"tEXt" and body.startswith(b"Comment\0"):
            comment = body[8:].decode("latin-1")
            if numbered := _NUMBERED.fullmatch(comment):
                comment, frame = numbered[1], int(numbered[2])
    if not width or not height:
        raise ValueError("no size")
    return Picture(width, height, comment, frame)


def ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as ranges, both ends counted."""
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]
