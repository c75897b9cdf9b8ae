"""Face recordings of the app Live Link Face: a CSV of ARKit weights, one line a picture of its camera.

The columns are `Timecode`, `BlendShapeCount`, Apple's 52 shapes by name (`EyeBlinkLeft`) and angles of head and eyes.
A time code is `HH:MM:SS:FF.sss`: frames from 0 at the app's rate, and thousandths of a frame. The rate is not in the
file: it is read from the highest frame number that comes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .blendshapes import ARKIT_NAMES
from .errors import DatasetError
from .layout import FPS

#: Rates that the app's time code may run at; a recording of less than a second is taken for the last one.
_RATES = (24, 25, 30, 48, 50, 60)

_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})[:;](\d{1,3}(?:\.\d+)?)", re.ASCII)
_DAY = 24 * 3600.0
#: Larger files are no recording of a face: an hour at 60 pictures a second has 150 MB.
_LARGEST = 1 << 29
#: A pause longer than this is told, seconds.
_PAUSE = 0.25


@dataclass(frozen=True)
class Recording:
    """weights: (frames, 51) float32 at 30 fps in the order of ARKIT_NAMES; notices: what a user should know."""

    weights: np.ndarray
    notices: tuple[str, ...]


def read(path: Path) -> Recording:
    """Read a recording, resampled by its time code; frame 1 is its first line.

    A column that lacks is 0 all along. DatasetError names the line that cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DatasetError(f"{path}: is too large for a recording of a face")
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            codes, values, missing = _rows(path, csv.reader(file))
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except csv.Error as error:
        raise DatasetError(f"{path}: cannot be read as a CSV file ({error})") from error
    notices = []
    if missing:
        notices.append(f"{path.name}: has no columns {', '.join(missing)}; they stay at 0")
    rate = _rate(codes)
    seconds = codes[:, 0] + codes[:, 1] / rate
    seconds = np.unwrap(seconds, period=_DAY) - seconds[0]
    if (np.diff(seconds) < 0).any():
        line = int(np.argmax(np.diff(seconds) < 0)) + 3
        raise DatasetError(f"{path}: the time code goes back at line {line}; export the recording again")
    if (longest := float(np.diff(seconds).max(initial=0.0))) > _PAUSE:
        notices.append(f"{path.name}: nothing was recorded for {longest:.1f} s; the face moves evenly over the gap")
    count = int(np.floor(seconds[-1] * FPS + 1e-3)) + 1
    when = np.arange(count) / FPS
    weights = np.stack([np.interp(when, seconds, values[:, column]) for column in range(values.shape[1])], axis=1)
    return Recording(weights.astype(np.float32), tuple(notices))


def _rows(path: Path, rows: Iterator[list[str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Whole seconds and frame numbers (N, 2), weights (N, 51), and the columns that lack."""
    header = [name.strip().lower() for name in next(rows, [])]
    wanted = [header.index(name.lower()) if name.lower() in header else -1 for name in ARKIT_NAMES]
    if "timecode" not in header or max(wanted) < 0:
        raise DatasetError(f"{path}: is no recording of Live Link Face; its first line must name Timecode and shapes")
    time = header.index("timecode")
    there = [column for column in wanted if column >= 0]
    codes, values = [], []
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        found = _TIMECODE.fullmatch(row[time].strip()) if len(row) == len(header) else None
        try:
            if not found:
                raise ValueError
            values.append([float(row[column]) for column in there])
        except ValueError:
            raise DatasetError(
                f"{path}: line {number} must have {len(header)} values, a time code such as 10:20:30:15.250 first"
            ) from None
        hours, minutes, seconds, frame = found.groups()
        codes.append((int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)))
    if not codes:
        raise DatasetError(f"{path}: holds no frames")
    table = np.zeros((len(codes), len(ARKIT_NAMES)))
    table[:, [n for n, column in enumerate(wanted) if column >= 0]] = values
    if not np.isfinite(table).all():
        frame, column = np.argwhere(~np.isfinite(table))[0]
        raise DatasetError(f"{path}: row {frame + 1}: {ARKIT_NAMES[column]} is not a finite number")
    missing = [name for name, column in zip(ARKIT_NAMES, wanted, strict=True) if column < 0]
    return np.array(codes), table, missing


def _rate(codes: np.ndarray) -> int:
    """Frames a second of the time code."""
    most = int(codes[:, 1].max())
    if codes[-1, 0] == codes[0, 0] and most < _RATES[-1]:
        return _RATES[-1]
    return next((rate for rate in _RATES if most < rate), most + 1)
