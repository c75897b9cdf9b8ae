"""BVH motion files: reading what is really out there, writing, resampling, forward kinematics.

The format is Biovision's: a HIERARCHY of joints with offsets and channels, then MOTION with one line of
channel values a frame, rotations in degrees, applied in the order in which a joint declares them.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from . import rotations
from .errors import DatasetError

CHANNELS = ("Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation")
_CHANNEL_BY_LOWER = {name.lower(): name for name in CHANNELS}

#: Frame times beyond these, in seconds, are mistakes (milliseconds, frames a second).
_SHORTEST_FRAME, _LONGEST_FRAME = 1e-4, 1.0

#: What hierarchies take, with what stands behind them, and more than any does.
_HEAD_BYTES = 1 << 15, 1 << 18
_DECLARED = re.compile(rb"\sMOTION\s+Frames\s*:\s*(\d{1,9})\s+Frame\s+Time\s*:\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s", re.I)


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints in file order, parents before children; End Sites are not joints.

    names: J joint names; parents: index of each parent, -1 for the root; offsets: (J, 3) from the parent,
    in the file's units; channels: per joint, in declared order; ends: End Site offset (3,) by joint index.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    ends: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def channel_count(self) -> int:
        """How many values a frame has."""
        return sum(map(len, self.channels))

    def children(self, joint: int) -> list[int]:
        """The joints that hang on `joint`."""
        return [j for j, parent in enumerate(self.parents) if parent == joint]

    def rest_positions(self) -> np.ndarray:
        """Joint positions (J, 3) with every rotation at zero and the root at its offset."""
        positions = np.array(self.offsets, dtype=float)
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                positions[joint] += positions[parent]
        return positions


@dataclass(frozen=True)
class Header:
    """What a BVH says before its numbers, and how many frames really follow."""

    path: Path
    skeleton: Skeleton
    frames: int
    frame_time: float


@dataclass(frozen=True)
class Motion:
    """A skeleton and its channel values (N, C): degrees and file units, in file order.

    notices: what was put right while reading, one sentence each, naming the file.
    """

    skeleton: Skeleton
    values: np.ndarray
    frame_time: float
    path: Path | None = None
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return len(self.values)

    @property
    def fps(self) -> float:
        return 1.0 / self.frame_time


def read_header(path: Path | str) -> Header:
    """Read skeleton, frame time and the true number of frames without reading every number.

    Raises DatasetError as `read` does for what it can see: a broken head, no frames, a last line cut short.
    """
    path = Path(path)
    head, lines = split(path)
    skeleton, frame_time, _ = head
    if not lines:
        raise DatasetError(f"{path}: holds no frames")
    _check_line(path, skeleton, *lines[-1])
    return Header(path, skeleton, len(lines), frame_time)


def read_declared(path: Path | str) -> tuple[int, float]:
    """How many frames a BVH says that it has, and its frame time in seconds, by the head of the file alone.

    DatasetError where it does not say so.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES[0])
            found = _DECLARED.search(head)
            if not found:
                found = _DECLARED.search(head + file.read(_HEAD_BYTES[1]))
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    if not found or not _SHORTEST_FRAME <= float(found[2]) <= _LONGEST_FRAME or not int(found[1]):
        raise DatasetError(f"{path}: does not say how many frames it has and how long they last; copy it again")
    return int(found[1]), float(found[2])


def read(path: Path | str) -> Motion:
    """Read a BVH file.

    Blank lines, tabs and any channel order are fine; the lines that are there win over the `Frames:` count;
    a NaN is held from the frame before, and both come back as notices. Raises DatasetError, naming file and
    line, for anything that cannot be read for certain (such as a file cut in mid-line).
    """
    path = Path(path)
    (skeleton, frame_time, declared), lines = split(path)
    if not lines:
        raise DatasetError(f"{path}: holds no frames")
    values = numbers(path, skeleton, lines)
    notices = []
    if declared != len(lines):
        notices.append(f"{path.name}: says {declared} frames and has {len(lines)}; all {len(lines)} are used")
    values, held = _hold_over_gaps(path, skeleton, values)
    return Motion(skeleton, values, frame_time, path, tuple(notices) + held)


def write(path: Path | str, motion: Motion) -> None:
    """Write a BVH file with six decimals, whole or not at all."""
    path = Path(path)
    beside = path.with_name(path.name + ".partial")
    with open(beside, "w", encoding="utf-8", newline="\n") as file:
        file.write("HIERARCHY\n")
        _write_joint(file, motion.skeleton, 0, 0)
        file.write(f"MOTION\nFrames: {motion.frames}\nFrame Time: {motion.frame_time:.8f}\n")
        np.savetxt(file, motion.values, fmt="%.6f")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def resampled_length(frames: int, frame_time: float, fps: float) -> int:
    """How many frames `resample` gives."""
    whole = _whole_step(frame_time, fps)
    if whole:
        return (frames - 1) // whole + 1
    return math.floor((frames - 1) * frame_time * fps + 1e-3) + 1


def resample(motion: Motion, fps: float) -> Motion:
    """The motion at `fps`, first frame kept: rotations by the shorter way, positions linearly.

    A motion within 0.2 % of `fps` (frame times are written with few digits) comes back as it is; one within
    0.2 % of twice or four times `fps` gives every second or fourth frame.
    """
    whole = _whole_step(motion.frame_time, fps)
    if whole == 1:
        return motion
    if whole:
        values = motion.values[::whole]
    else:
        count = resampled_length(motion.frames, motion.frame_time, fps)
        where = np.minimum(np.arange(count) / (fps * motion.frame_time), motion.frames - 1)
        below = np.minimum(where.astype(int), max(motion.frames - 2, 0))
        above = np.minimum(below + 1, motion.frames - 1)
        part = (where - below)[:, None]
        rotation = np.array([name.endswith("rotation") for names in motion.skeleton.channels for name in names])
        smooth = np.where(rotation, np.unwrap(motion.values, period=360.0, axis=0), motion.values)
        values = smooth[below] * (1 - part) + smooth[above] * part
    name = motion.path.name if motion.path else "motion"
    notice = f"{name}: {motion.fps:.4g} fps resampled to {fps:.4g}"
    return replace(motion, values=values, frame_time=1.0 / fps, notices=(*motion.notices, notice))


def _whole_step(frame_time: float, fps: float) -> int:
    """How many of a motion's frames one frame at `fps` takes, or 0 where that is no whole number."""
    step = 1.0 / (fps * frame_time)
    whole = max(round(step), 1)
    return whole if math.isclose(step, whole, rel_tol=2e-3) else 0


def local_rotations(motion: Motion, joints: list[int] | None = None) -> dict[int, np.ndarray]:
    """Each joint's rotation against its parent: {joint: (4, N) quaternions}, for all joints or those named."""
    starts = np.cumsum([0, *map(len, motion.skeleton.channels)])
    result = {}
    for joint in range(len(motion.skeleton.names)) if joints is None else joints:
        track = rotations.IDENTITY
        for offset, channel in enumerate(motion.skeleton.channels[joint]):
            if channel.endswith("rotation"):
                angle = np.radians(motion.values[:, starts[joint] + offset])
                if track is rotations.IDENTITY:
                    track = rotations.about_axis(channel[0], angle)
                else:
                    track = rotations.then_about_axis(track, channel[0], angle)
        result[joint] = np.broadcast_to(track, (4, motion.frames))
    return result


def local_positions(motion: Motion, joint: int) -> np.ndarray:
    """A joint's position in its parent's frame, (3, N): its position channels where it has them, else its offset."""
    start = sum(map(len, motion.skeleton.channels[:joint]))
    position = np.repeat(motion.skeleton.offsets[joint][:, None], motion.frames, axis=1).astype(float)
    for offset, channel in enumerate(motion.skeleton.channels[joint]):
        if channel.endswith("position"):
            position["XYZ".index(channel[0])] = motion.values[:, start + offset]
    return position


def forward_kinematics(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Where every joint is: positions (J, 3, N) in file units and axes, global rotations (J, 4, N)."""
    local = local_rotations(motion)
    count = len(motion.skeleton.names)
    positions = np.empty((count, 3, motion.frames))
    turns = np.empty((count, 4, motion.frames))
    for joint, parent in enumerate(motion.skeleton.parents):
        position = local_positions(motion, joint)
        if parent < 0:
            positions[joint], turns[joint] = position, local[joint]
        else:
            positions[joint] = positions[parent] + rotations.rotate(turns[parent], position)
            turns[joint] = rotations.multiply(turns[parent], local[joint])
    return positions, turns


def split(path: Path) -> tuple[tuple[Skeleton, float, int], list[tuple[int, bytes]]]:
    """Head of the file (skeleton, frame time, declared frames), and its frame lines with their numbers, from 1.

    Blank lines are left out. DatasetError for a head that cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    lines = data.splitlines()
    motion = next((n for n, line in enumerate(lines) if line.strip().upper() == b"MOTION"), None)
    if motion is None:
        raise DatasetError(f"{path}: is not a BVH file (no MOTION section)")
    skeleton = parse_hierarchy(path, lines[:motion])
    declared = frame_time = None
    body = motion + 1
    while body < len(lines) and (declared is None or frame_time is None):
        key, _, value = lines[body].decode("ascii", "replace").partition(":")
        body += 1
        key = " ".join(key.split()).lower()
        if not key:
            continue
        try:
            if key == "frames":
                declared = int(value)
            elif key == "frame time":
                frame_time = float(value)
            else:
                raise ValueError
        except ValueError:
            raise DatasetError(f"{path}: line {body} must be 'Frames: N' or 'Frame Time: SECONDS'") from None
    if declared is None or frame_time is None:
        raise DatasetError(f"{path}: ends before its 'Frames:' and 'Frame Time:' lines; copy it again")
    if not _SHORTEST_FRAME <= frame_time <= _LONGEST_FRAME:
        raise DatasetError(f"{path}: has a frame time of {frame_time} seconds; 30 frames a second have 0.0333333")
    numbered = [(n + 1, line) for n, line in enumerate(lines[body:], body) if line and not line.isspace()]
    return (skeleton, frame_time, declared), numbered


def parse_hierarchy(path: Path, lines: list[bytes]) -> Skeleton:
    """The skeleton that the lines before MOTION describe; DatasetError, naming the line, where they describe none."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray | None] = []
    channels: list[tuple[str, ...]] = []
    ends: dict[int, np.ndarray] = {}
    stack: list[int | None] = []  # open braces: joint index, or None inside an End Site
    opening: int | None = None
    opened = False

    def fail(number: int, why: str) -> DatasetError:
        return DatasetError(f"{path}: line {number}: {why}")

    for number, raw in enumerate(lines, 1):
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        for part in text.replace("{", "\n{\n").replace("}", "\n}\n").splitlines():
            words = part.split()
            if not words or (len(words) == 1 and words[0].upper() == "HIERARCHY"):
                continue
            word = words[0].upper()
            if word in ("ROOT", "JOINT") and len(words) > 1:
                if word == "ROOT" and names:
                    raise fail(number, "a second ROOT; split the file into one skeleton each")
                if word == "JOINT" and (not stack or stack[-1] is None):
                    raise fail(number, "a JOINT outside any joint")
                parents.append(stack[-1] if stack and stack[-1] is not None else -1)
                names.append(part.strip().split(None, 1)[1])
                offsets.append(None)
                channels.append(())
                opening, opened = len(names) - 1, True
            elif word == "END" and len(words) > 1 and stack and stack[-1] is not None:
                opening, opened = None, True
            elif word == "{" and opened:
                stack.append(opening)
                opened = False
            elif word == "}" and stack:
                stack.pop()
            elif word == "OFFSET" and stack and len(words) == 4:
                try:
                    offset = np.array([float(w) for w in words[1:]])
                except ValueError:
                    raise fail(number, f"OFFSET needs three numbers, not {part.strip()!r}") from None
                if not np.isfinite(offset).all():
                    raise fail(number, "OFFSET must be finite")
                if stack[-1] is None:
                    ends[next(j for j in reversed(stack) if j is not None)] = offset
                else:
                    offsets[stack[-1]] = offset
            elif word == "CHANNELS" and stack and stack[-1] is not None:
                found = tuple(_CHANNEL_BY_LOWER.get(w.lower(), "") for w in words[2:])
                if words[1:2] != [str(len(found))] or "" in found or len(set(found)) != len(found):
                    raise fail(number, f"CHANNELS must list its count and as many channels, not {part.strip()!r}")
                channels[stack[-1]] = found
            else:
                raise fail(number, f"not a line of a BVH hierarchy: {part.strip()[:60]!r}")
    if not names or stack:
        raise DatasetError(f"{path}: the HIERARCHY ends too early; copy the file again")
    missing = next((n for n, offset in zip(names, offsets, strict=True) if offset is None), None)
    if missing is not None:
        raise DatasetError(f"{path}: joint {missing} has no OFFSET")
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise DatasetError(f"{path}: two joints are called {twice}")
    return Skeleton(tuple(names), tuple(parents), np.array(offsets, dtype=float), tuple(channels), ends)


def numbers(path: Path, skeleton: Skeleton, lines: list[tuple[int, bytes]]) -> np.ndarray:
    """The values (N, C) of the lines that `split` gives, NaN among them; DatasetError at the first line that is bad."""
    shape = (len(lines), skeleton.channel_count)
    values = _fixed_point(lines, shape[1])
    if values is None:
        values = _from_text(b" ".join(line for _, line in lines), float)
        # A value that slipped into the next line leaves the sum right and every joint after it wrong.
        if values.size != shape[0] * shape[1] or any(len(line.split()) != shape[1] for _, line in lines):
            for number, line in lines:
                _check_line(path, skeleton, number, line)
            raise DatasetError(f"{path}: its motion lines cannot be read as numbers")
    return values.reshape(shape)


def _fixed_point(lines: list[tuple[int, bytes]], columns: int) -> np.ndarray | None:
    """The numbers of lines in which every word has as many decimals, as most writers put them; None for others.

    Without their points they are whole numbers, which are read five times as fast; the quotient of two whole
    numbers that floats hold exactly is the same float that the text gives.
    """
    if any(line.count(b".") != columns for _, line in lines):
        return None
    text = b" ".join(line for _, line in lines) + b" "
    codes = np.frombuffer(text, dtype=np.uint8)
    points = np.flatnonzero(codes == ord("."))
    if not len(points):
        return None
    decimals = len(text[points[0] + 1 :].split(maxsplit=1)[0]) if text[points[0] + 1] > ord(" ") else 0
    if points[-1] + decimals + 1 >= len(codes) or not 0 < decimals < _EXACT_DIGITS:
        return None
    digits = all((codes[points + place] - ord("0") < 10).all() for place in range(1, decimals + 1))
    if not digits or (codes[points + decimals + 1] > ord(" ")).any():
        return None
    whole = _from_text(text.replace(b".", b""), np.int64)
    if whole.size != points.size or max(whole.max(), -int(whole.min())) >= 10**_EXACT_DIGITS:
        return None
    return whole / 10.0**decimals


#: As many decimal digits every float holds exactly.
_EXACT_DIGITS = 15


def _from_text(text: bytes, kind: type) -> np.ndarray:
    """The numbers of a text; none where it holds anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(text, dtype=kind, sep=" ")  # stops with a warning at what is no number
        except (DeprecationWarning, ValueError):
            return np.empty(0, dtype=kind)


def _check_line(path: Path, skeleton: Skeleton, number: int, line: bytes) -> None:
    words = line.split()
    if len(words) < skeleton.channel_count:
        raise DatasetError(
            f"{path}: line {number} has {len(words)} of {skeleton.channel_count} values; "
            "the file was cut off, copy it again"
        )
    if len(words) > skeleton.channel_count:
        raise DatasetError(f"{path}: line {number} has {len(words)} values, the joints take {skeleton.channel_count}")
    for word in words:
        if not is_number(word):
            raise DatasetError(f"{path}: line {number}: {word.decode('ascii', 'replace')!r} is no number")


def is_number(word: bytes) -> bool:
    """Whether a word of a motion line is a number, NaN included."""
    try:
        float(word)
    except ValueError:
        return False
    return b"_" not in word  # Python's own way to write 1_000


def _hold_over_gaps(path: Path, skeleton: Skeleton, values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    bad = ~np.isfinite(values)
    if not bad.any():
        return values, ()
    owner = [joint for joint, names in enumerate(skeleton.channels) for _ in names]
    frames, columns = np.nonzero(bad)
    first_of: dict[int, list[int]] = {}
    for frame, column in zip(frames, columns, strict=True):
        at = first_of.setdefault(owner[column], [])
        if not at or at[-1] != frame:
            at.append(int(frame))
    for column in np.unique(columns):
        # The last good frame at or before each frame; before the first good one, that one.
        good = np.where(bad[:, column], -1, np.arange(len(values)))
        if good.max() < 0:
            raise DatasetError(f"{path}: joint {skeleton.names[owner[column]]} has no finite value in any frame")
        source = np.maximum.accumulate(good)
        source[source < 0] = good[good >= 0][0]
        values[:, column] = values[source, column]
    notices = tuple(
        f"{path.name}: joint {skeleton.names[joint]} is not a number in frame {at[0] + 1}"
        + (f" and {len(at) - 1} more" if len(at) > 1 else "")
        + ("; held from the frame before" if at[0] else "; taken from the nearest good frame")
        for joint, at in first_of.items()
    )
    return values, notices


def _write_joint(file: TextIO, skeleton: Skeleton, joint: int, depth: int) -> None:
    indent = "\t" * depth

    def offset(vector: np.ndarray) -> str:
        return "OFFSET " + " ".join(f"{x:.6f}" for x in vector)

    channels = skeleton.channels[joint]
    file.write(f"{indent}{'JOINT' if depth else 'ROOT'} {skeleton.names[joint]}\n{indent}{{\n")
    file.write(f"{indent}\t{offset(skeleton.offsets[joint])}\n")
    if channels:
        file.write(f"{indent}\tCHANNELS {len(channels)} {' '.join(channels)}\n")
    for child in skeleton.children(joint):
        _write_joint(file, skeleton, child, depth + 1)
    if joint in skeleton.ends:
        file.write(f"{indent}\tEnd Site\n{indent}\t{{\n{indent}\t\t{offset(skeleton.ends[joint])}\n{indent}\t}}\n")
    file.write(f"{indent}}}\n")
