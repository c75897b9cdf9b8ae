"""Matroska (MKV) files of one H.264 picture: what is in them, and joining them without re-encoding; no ffmpeg needed.

Blender writes them but cannot join them. Element numbers and their meaning: RFC 9559 (Matroska) and RFC 8794 (EBML).
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from . import partial
from .errors import DatasetError

_HEADER, _SEGMENT, _SEEK_HEAD, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B
_TAGS, _CLUSTER, _CUES = 0x1254C367, 0x1F43B675, 0x1C53BB6B
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_TIMESTAMP_SCALE, _DURATION, _MUXING_APP, _WRITING_APP = 0x2AD7B1, 0x4489, 0x4D80, 0x5741
_TRACK, _TRACK_NUMBER, _CODEC, _CODEC_PRIVATE, _VIDEO = 0xAE, 0xD7, 0x86, 0x63A2, 0xE0
_TAG, _TARGETS, _SIMPLE_TAG, _TAG_NAME, _TAG_STRING = 0x7373, 0x63C0, 0x67C8, 0x45A3, 0x4487
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _REFERENCE = 0xE7, 0xA3, 0xA0, 0xA1, 0xFB
_CUE_POINT, _CUE_TIME, _CUE_POSITIONS, _CUE_TRACK, _CUE_CLUSTER = 0xBB, 0xB3, 0xB7, 0xF7, 0xF1

#: Nanoseconds a tick of the files that are written, and of those that are read: milliseconds.
_SCALE = 1_000_000

#: A block's time is a signed 16-bit number of ticks from its cluster's.
_MOST_TICKS = 0x7FFF

_H264 = b"V_MPEG4/ISO/AVC"

#: What the files say wrote them.
_APP = b"InterAct Render Farm"


@dataclass(frozen=True)
class Frame:
    """One frame as it is stored: when it is shown (milliseconds), whether it is a key frame, and where its bytes lie
    in the file."""

    time: int
    is_key: bool
    start: int
    end: int


@dataclass(frozen=True)
class Clip:
    """A whole MKV file. header, track: the elements of these names as they are in the file; codec: what must be the
    same in clips to be joined (codec, its settings, the picture's size); tags: by lower-case names."""

    path: Path
    header: bytes
    track: bytes
    number: int
    codec: tuple[tuple[int, bytes], ...]
    frames: tuple[Frame, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class _Element:
    """An element's number, and where it and its content lie in the file."""

    id: int
    at: int
    start: int
    end: int


def read(path: Path | str) -> Clip:
    """A file's header and where its frames lie; DatasetError for one that is no MKV of one picture, or not whole."""
    path = Path(path)
    with _mapped(path) as data:
        try:
            return _read(path, data)
        except (IndexError, struct.error) as error:
            raise DatasetError(f"{path}: is damaged or cut short; render it again") from error


def join(clips: Sequence[Path], out: Path, *, fps: int = 30, tags: dict[str, str] | None = None) -> int:
    """Join clips in their order into the MKV file `out`, whole or not at all; returns the number of its frames.

    Every frame is timed by its number, so that nothing drifts however many clips there are. DatasetError for a clip
    that is not H.264, is damaged, has gaps at this `fps`, does not begin with a key frame, or was encoded with other
    settings than the first.
    """
    if not clips:
        raise DatasetError(f"{out}: no clips to join; render them first")
    read_clips = [read(path) for path in clips]
    first = read_clips[0]
    for clip in read_clips:
        if dict(clip.codec).get(_CODEC) != _H264:
            raise DatasetError(f"{clip.path}: is not H.264; render it again")
        if clip.codec != first.codec:
            raise DatasetError(f"{clip.path}: was encoded with other settings than {first.path.name}; render it again")
    numbers = [_numbers(clip, fps) for clip in read_clips]
    beside = partial.beside(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb") as file:
            _Writer(file, first, sum(map(len, numbers)), fps, tags or {}).write(read_clips, numbers)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, out)
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error})") from error
    finally:
        beside.unlink(missing_ok=True)
    return sum(map(len, numbers))


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    try:
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:  # nothing in it to map
        raise DatasetError(f"{path}: is empty; render it again") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error})") from error
    with data:
        yield data


def _read(path: Path, data: mmap.mmap) -> Clip:
    top = {element.id: element for element in _children(path, data, 0, len(data))}
    if _HEADER not in top or _SEGMENT not in top:
        raise DatasetError(f"{path}: is no MKV file; render it again")
    header = data[top[_HEADER].at : top[_HEADER].end]
    track: _Element | None = None
    frames: list[Frame] = []
    tags: dict[str, str] = {}
    for part in _children(path, data, top[_SEGMENT].start, top[_SEGMENT].end):
        if part.id == _INFO:
            scale = _find(path, data, part, _TIMESTAMP_SCALE)
            if scale is not None and _number(data, scale) != _SCALE:
                raise DatasetError(f"{path}: counts time in other steps than milliseconds; render it again")
        elif part.id == _TRACKS:
            tracks = [child for child in _children(path, data, part.start, part.end) if child.id == _TRACK]
            if len(tracks) != 1:
                raise DatasetError(f"{path}: holds {len(tracks)} streams where one picture belongs; render it again")
            track = tracks[0]
        elif part.id == _TAGS:
            tags |= {name.lower(): text for name, text in _tags(path, data, part)}
        elif part.id == _CLUSTER:
            frames += _frames(path, data, part)
    if track is None or not frames:
        raise DatasetError(f"{path}: holds no picture; render it again")
    inside = {child.id: child for child in _children(path, data, track.start, track.end)}
    codec = tuple((id_, data[inside[id_].start : inside[id_].end]) for id_ in (_CODEC, _CODEC_PRIVATE, _VIDEO)
                  if id_ in inside)  # fmt: skip
    number = _number(data, inside[_TRACK_NUMBER]) if _TRACK_NUMBER in inside else 1
    return Clip(path, header, data[track.at : track.end], number, codec, tuple(frames), tags)


def _children(path: Path, data: mmap.mmap, start: int, end: int) -> Iterator[_Element]:
    at = start
    while at < end:
        length = _width(data[at])
        identity = int.from_bytes(data[at : at + length], "big")
        width = _width(data[at + length])
        body = at + length + width
        size = int.from_bytes(data[at + length : body], "big") & ~(1 << 7 * width)
        if size == (1 << 7 * width) - 1:
            raise DatasetError(f"{path}: was never finished; render it again")
        if body + size > end:
            raise DatasetError(f"{path}: is cut short; render it again")
        yield _Element(identity, at, body, body + size)
        at = body + size


def _width(byte: int) -> int:
    """How many bytes a number of varying length has, by its first."""
    if not byte:
        raise IndexError("no number of at most 8 bytes")
    return 9 - byte.bit_length()


def _find(path: Path, data: mmap.mmap, parent: _Element, identity: int) -> _Element | None:
    return next((child for child in _children(path, data, parent.start, parent.end) if child.id == identity), None)


def _number(data: mmap.mmap, element: _Element) -> int:
    return int.from_bytes(data[element.start : element.end], "big")


def _text(data: mmap.mmap, element: _Element) -> str:
    return data[element.start : element.end].decode("utf-8", "replace").rstrip("\0")


def _tags(path: Path, data: mmap.mmap, tags: _Element) -> Iterator[tuple[str, str]]:
    """Names and texts of the tags that are of the whole file."""
    for tag in _children(path, data, tags.start, tags.end):
        if tag.id != _TAG:
            continue  # padding and checksums hold no elements
        target = _find(path, data, tag, _TARGETS)
        if target is not None and target.end > target.start:
            continue
        for simple in _children(path, data, tag.start, tag.end):
            if simple.id != _SIMPLE_TAG:
                continue
            name, text = (_find(path, data, simple, part) for part in (_TAG_NAME, _TAG_STRING))
            if name is not None and text is not None:
                yield _text(data, name), _text(data, text)


def _frames(path: Path, data: mmap.mmap, cluster: _Element) -> Iterator[Frame]:
    begins = 0
    for child in _children(path, data, cluster.start, cluster.end):
        block, is_key = child, False
        if child.id == _TIMESTAMP:
            begins = _number(data, child)
            continue
        if child.id == _BLOCK_GROUP:
            found = _find(path, data, child, _BLOCK)
            if found is None:
                raise DatasetError(f"{path}: has a group without a frame; render it again")
            block, is_key = found, _find(path, data, child, _REFERENCE) is None
        elif child.id != _SIMPLE_BLOCK:
            continue
        start = block.start + _width(data[block.start]) + 3
        if start >= block.end:
            raise DatasetError(f"{path}: has an empty frame; render it again")
        flags = data[start - 1]
        if flags & 0x06:
            raise DatasetError(f"{path}: packs several frames into one block; render it again")
        (after,) = struct.unpack(">h", data[start - 3 : start - 1])
        yield Frame(begins + after, is_key or bool(flags & 0x80), start, block.end)


def _numbers(clip: Clip, fps: int) -> list[int]:
    """At which number, from 0, each frame is shown."""
    if not clip.frames[0].is_key:
        raise DatasetError(f"{clip.path}: does not begin with a key frame, so it cannot be joined; render it again")
    start = clip.frames[0].time
    numbers = [round(Fraction((frame.time - start) * fps, 1000)) for frame in clip.frames]
    if sorted(numbers) != list(range(len(numbers))):
        raise DatasetError(f"{clip.path}: its frames are not {fps} a second without a gap; render it again")
    return numbers


class _Writer:
    """Writes one file: header, an index of where things are, information, track and tags, clusters, key frames."""

    def __init__(self, file: BinaryIO, like: Clip, frames: int, fps: int, tags: dict[str, str]) -> None:
        self._file, self._fps, self._track = file, fps, like.number
        info = b"".join((
            _element(_TIMESTAMP_SCALE, _bytes(_SCALE)), _element(_MUXING_APP, _APP), _element(_WRITING_APP, _APP),
            _element(_DURATION, struct.pack(">d", frames * 1000 / fps)),
        ))  # fmt: skip
        said = b"".join(
            _element(_SIMPLE_TAG, _element(_TAG_NAME, name.upper().encode()) + _element(_TAG_STRING, text.encode()))
            for name, text in tags.items()
        )
        self._parts = [(_INFO, _element(_INFO, info)), (_TRACKS, _element(_TRACKS, like.track))]
        if said:
            self._parts.append((_TAGS, _element(_TAGS, _element(_TAG, _element(_TARGETS, b"") + said))))
        file.write(like.header)
        self._size_at = file.tell() + 4
        file.write(_element(_SEGMENT, b""))
        self._begins = file.tell()
        self._cues: list[bytes] = []

    def write(self, clips: Sequence[Clip], numbers: Sequence[Sequence[int]]) -> None:
        """Everything; what is known only at the end is put into the places left for it."""
        places = dict.fromkeys([*(name for name, _ in self._parts), _CUES], 0)
        self._file.write(_seek_head(places))
        for name, content in self._parts:
            places[name] = self._place
            self._file.write(content)
        before = 0
        for clip, shown in zip(clips, numbers, strict=True):
            with _mapped(clip.path) as data:
                self._clusters(clip, [before + number for number in shown], data)
            before += len(shown)
        places[_CUES] = self._place
        self._file.write(_element(_CUES, b"".join(self._cues)))
        end = self._place
        self._file.seek(self._size_at)
        self._file.write(_size(end))
        self._file.write(_seek_head(places))

    @property
    def _place(self) -> int:
        """Where the next element comes to lie, as the file itself counts."""
        return self._file.tell() - self._begins

    def _clusters(self, clip: Clip, numbers: list[int], data: mmap.mmap) -> None:
        """A clip's frames, in clusters that begin with key frames."""
        blocks: list[bytes] = []
        begins = 0
        for frame, number in zip(clip.frames, numbers, strict=True):
            time = round(Fraction(number * 1000, self._fps))
            if blocks and (frame.is_key or abs(time - begins) > _MOST_TICKS):
                self._cluster(begins, blocks)
                blocks = []
            if not blocks:
                begins = time
                if frame.is_key:
                    where = _element(_CUE_TRACK, _bytes(self._track)) + _element(_CUE_CLUSTER, _bytes(self._place))
                    point = _element(_CUE_TIME, _bytes(time)) + _element(_CUE_POSITIONS, where)
                    self._cues.append(_element(_CUE_POINT, point))
            head = _vint(self._track) + struct.pack(">hB", time - begins, 0x80 if frame.is_key else 0)
            blocks.append(_element(_SIMPLE_BLOCK, head + data[frame.start : frame.end]))
        self._cluster(begins, blocks)

    def _cluster(self, begins: int, blocks: list[bytes]) -> None:
        self._file.write(_element(_CLUSTER, _element(_TIMESTAMP, _bytes(begins)) + b"".join(blocks)))


def _seek_head(places: dict[int, int]) -> bytes:
    """Where a file's parts lie: always as long, whatever the places are."""
    entries = (
        _element(_SEEK, _element(_SEEK_ID, _bytes(name)) + _element(_SEEK_POSITION, place.to_bytes(8, "big")))
        for name, place in places.items()
    )
    return _element(_SEEK_HEAD, b"".join(entries))


def _element(identity: int, content: bytes) -> bytes:
    return _bytes(identity) + _size(len(content)) + content


def _size(size: int) -> bytes:
    """A size in 8 bytes, so that it can be written over."""
    return ((1 << 56) | size).to_bytes(8, "big")


def _vint(number: int) -> bytes:
    width = next(width for width in range(1, 9) if number < (1 << 7 * width) - 1)
    return (number | 1 << 7 * width).to_bytes(width, "big")


def _bytes(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
