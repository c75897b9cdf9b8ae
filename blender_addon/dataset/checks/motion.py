"""Checks one BVH file: by its head and its last line, or every value of it."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import bvh, layout
from ..errors import DatasetError
from . import findings
from .facts import Bones, Facts, said

#: More than any hierarchy and a frame take; a quick look reads so much of both ends.
_END_BYTES = 1 << 16

_HEAD = re.compile(rb"\sMOTION\s+Frames\s*:\s*(\d{1,9})\s+Frame\s+Time\s*:\s*(\d*\.?\d+(?:[eE][+-]?\d+)?)\s", re.I)

#: Lines differ in length by their numbers' digits and signs: so much more than those that are looked at.
_COUNT_SLACK = 0.05

#: Frame times in seconds that need no second look: 2 to 1000 frames a second.
_LIKELY_TIMES = 0.001, 0.5

#: Frame times are written with few digits.
_TIME_SLACK = 2e-3


@dataclass(frozen=True)
class _Head:
    """size: bytes before the first frame."""

    skeleton: bvh.Skeleton
    frame_time: float
    declared: int
    size: int


#: Hierarchies that this process has met: an actor has the same one in hundreds of files.
_known: dict[bytes, bvh.Skeleton] = {}
_lock = threading.Lock()


def examine(path: Path, *, deep: bool) -> Facts:
    """Quick: skeleton, frame time, whether the last line is whole and the size fits. Deep: every value."""
    facts = Facts()
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            if deep:
                first = last = file.read()
            else:
                first = file.read(_END_BYTES)
                file.seek(max(size - _END_BYTES, len(first)) if size > 2 * _END_BYTES else 0)
                last = file.read()
                if size <= 2 * _END_BYTES:
                    first = last
    except OSError as error:
        facts.tell(findings.UNREADABLE, f"cannot be read ({error.strerror})")
        return facts
    try:
        head, lines = _read_head(path, first)
    except DatasetError as error:
        facts.tell(findings.NO_BVH, said(error, path))
        return facts
    if lines is None and first is last:
        body = first[head.size :].splitlines()
        lines = [(number, line) for number, line in enumerate(body) if line and not line.isspace()]
    facts.bones = _bones(head.skeleton)
    facts.rate = 1 / head.frame_time
    if abs(head.frame_time * layout.FPS - 1) > _TIME_SLACK:
        text = f"has frames of {head.frame_time:.7g} s, {facts.rate:.4g} a second; the data set has {layout.FPS}"
        facts.tell(findings.FRAME_TIME, text)
    if lines is not None:
        _check_whole(facts, path, head, lines, deep=deep)
    else:
        _check_ends(facts, head, first[head.size :], last, size - head.size)
    # Only what is whole is compared with others by its length.
    if not {code for code, _ in facts.found} - {findings.FRAME_TIME, findings.MOTION_NAN, findings.STILL}:
        facts.frames = head.declared
        facts.seconds = head.declared * head.frame_time
    return facts


def _read_head(path: Path, first: bytes) -> tuple[_Head, list[tuple[int, bytes]] | None]:
    """The head, and the frame lines where the whole file had to be read for it."""
    found = _HEAD.search(first)
    if not found or not _LIKELY_TIMES[0] < float(found[2]) < _LIKELY_TIMES[1]:
        # Written in an unusual way, or broken: the reader tells.
        (skeleton, frame_time, declared), lines = bvh.split(path)
        return _Head(skeleton, frame_time, declared, 0), lines
    text = first[: found.start() + 1]
    with _lock:
        if text not in _known:
            _known[text] = bvh.parse_hierarchy(path, text.splitlines())
        skeleton = _known[text]
    return _Head(skeleton, float(found[2]), int(found[1]), found.end()), None


def _bones(skeleton: bvh.Skeleton) -> Bones:
    return Bones((skeleton.names, skeleton.parents), skeleton.offsets[1:])


def _check_whole(facts: Facts, path: Path, head: _Head, lines: list[tuple[int, bytes]], *, deep: bool) -> None:
    if not lines:
        facts.tell(findings.CUT_BVH, f"holds none of the {head.declared} frames that it says")
        return
    if _check_last(facts, head, lines[-1][1]):
        return
    if len(lines) != head.declared:
        facts.tell(findings.FRAME_COUNT, f"says {head.declared} frames and has {len(lines)}")
    if not deep:
        return
    try:
        values = bvh.numbers(path, head.skeleton, lines)
    except DatasetError:
        _tell_bad_lines(facts, head, lines)
        return
    # The sum is finite where all are: one pass without an array of truths.
    if not np.isfinite(values.sum()):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            facts.tell(findings.MOTION_NAN, f"is not finite in {_counted(len(bad), 'frame')}, first in {bad[0] + 1}")
    if len(values) > 1 and (values == values[0]).all():
        facts.tell(findings.STILL, f"has the same pose in all its {len(values)} frames")


def _check_ends(facts: Facts, head: _Head, first: bytes, last: bytes, size: int) -> None:
    """What two pieces of a long file tell: whether it ends with a whole line, and about how many it has."""
    lines = [line for line in last.splitlines()[1:] if line and not line.isspace()]
    if not lines or _check_last(facts, head, lines[-1]):
        if not lines:
            facts.tell(findings.CUT_BVH, "ends with no line of values")
        return
    if b"\n" not in first:
        return  # lines that end in another way are not counted by their length
    lengths = [len(line) for line in first.splitlines(keepends=True)[:-1] + last.splitlines(keepends=True)[1:]]
    # Where a motion begins in its rest pose, lines of plain zeros are a third as long as others.
    least, most = size / max(lengths) / (1 + _COUNT_SLACK), size / min(lengths) * (1 + _COUNT_SLACK)
    if not least <= head.declared <= most:
        facts.tell(findings.FRAME_COUNT, f"says {head.declared} frames and has {least:.0f} to {most:.0f} by its size")


def _check_last(facts: Facts, head: _Head, line: bytes) -> bool:
    """Whether the last line is cut off."""
    has, wanted = len(line.split()), head.skeleton.channel_count
    if has < wanted:
        facts.tell(findings.CUT_BVH, f"is cut off: its last line has {has} of {wanted} values")
    return has < wanted


def _tell_bad_lines(facts: Facts, head: _Head, lines: list[tuple[int, bytes]]) -> None:
    wanted = head.skeleton.channel_count
    for frame, (_, line) in enumerate(lines, 1):
        words = line.split()
        if len(words) != wanted:
            facts.tell(findings.BAD_LINE, f"has {len(words)} values in frame {frame}, the joints take {wanted}")
            return
        bad = next((word for word in words if not bvh.is_number(word)), None)
        if bad is not None:
            text = f"has {bad[:20].decode('ascii', 'replace')!r} for a number in frame {frame}"
            facts.tell(findings.BAD_LINE, text)
            return
    facts.tell(findings.BAD_LINE, "has lines that cannot be read as numbers")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
