"""Subtitles of SubRip files (.srt): what is shown from which frame to which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset import layout

from ..errors import FarmError

_TIME = r"(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(\s.*)?", re.ASCII)
#: What SubRip takes over from HTML and from SubStation: `<i>`, `<font color=red>`, `{\an8}`.
_MARKS = re.compile(r"</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}")


@dataclass(frozen=True)
class Cue:
    """A text and the frames, from 0, that show it: `first`, and the one `after` its last."""

    first: int
    after: int
    text: str


def read(path: Path) -> list[Cue]:
    """A file's cues by their time, without their marks (italics, colours); FarmError for what is no .srt file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FarmError(f"{path}: no such file of subtitles") from None
    except UnicodeDecodeError:
        raise FarmError(f"{path}: subtitles must be UTF-8 text; save the file again as that") from None
    except OSError as error:
        raise FarmError(f"{path}: cannot be read ({error.strerror})") from error
    cues: list[Cue] = []
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _TIMES.fullmatch(line)]
    for number, line in enumerate(lines):
        if "-->" in line and number not in starts:
            raise FarmError(
                f"{path}: line {number + 1}: {line.strip()!r} are no times of a subtitle; "
                "write 00:00:01,000 --> 00:00:02,500"
            )
    if not starts and text.strip():
        raise FarmError(f"{path}: has no subtitle; a .srt file has lines such as 00:00:01,000 --> 00:00:02,500")
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        body = lines[start + 1 : end]
        if end is not None and body and body[-1].strip().isdigit():
            body.pop()  # the number of the next
        cues += _cue(path, start + 1, lines[start], "\n".join(body))
    return sorted(cues, key=lambda cue: cue.first)


def changes(cues: list[Cue], frames: int) -> list[tuple[int, str]]:
    """From which frame on which text is shown, "" for none; from frame 0 on, of those below `frames`.

    Where cues overlap both are shown, the earlier above.
    """
    edges = sorted({0, *(cue.first for cue in cues), *(cue.after for cue in cues)})
    found: list[tuple[int, str]] = []
    for edge in edges:
        if edge >= frames:
            break
        text = "\n".join(cue.text for cue in cues if cue.first <= edge < cue.after)
        if not found or text != found[-1][1]:
            found.append((edge, text))
    return found


def _cue(path: Path, number: int, line: str, text: str) -> list[Cue]:
    """One cue; none where nothing is written."""
    times = _TIMES.fullmatch(line)
    assert times
    begin, end = (_frame(*times.groups()[at : at + 4]) for at in (0, 4))
    if end < begin:
        raise FarmError(f"{path}: line {number}: the subtitle ends before it begins")
    shown = _MARKS.sub("", text).strip()
    return [Cue(begin, max(end, begin + 1), shown)] if shown else []


def _frame(hours: str, minutes: str, seconds: str, fraction: str) -> int:
    """The frame, from 0, that a time falls on; a time that is rounded to milliseconds may lie just before it."""
    milliseconds = (int(hours) * 60 + int(minutes)) * 60_000 + int(seconds) * 1000 + int(fraction.ljust(3, "0"))
    return round(milliseconds * layout.FPS / 1000)
