"""ICT weights as ARKit weights: the table of which ICT columns make each ARKit column, built in or a user's own."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import numpy as np

from . import ict
from .blendshapes import ARKIT_NAMES, ICT_NAMES
from .errors import DatasetError

#: For each ARKit column, in the order of ARKIT_NAMES, the ICT columns that it is made of, counted from 0.
Table = tuple[tuple[int, ...], ...]

TABLE: Table = tuple(tuple(ICT_NAMES.index(name) for name in ict.sources(arkit)) for arkit in ARKIT_NAMES)

#: How several ICT columns become one. Which one the data set's authors used is not known.
MERGES = ("mean", "max", "sum")

#: A table is some kilobytes; more is no table.
_LARGEST = 1_000_000


def to_arkit(
    weights: np.ndarray, merge: str = "mean", table: Table = TABLE, *, out: np.ndarray | None = None
) -> np.ndarray:
    """ICT weights (N, 55) as ARKit weights (N, 51) float32, in the order of ARKIT_NAMES.

    merge: one of MERGES, for ARKit columns of several ICT columns; a sum is not cut off at 1. An ARKit column of no
    ICT column is 0. out: memory for the result, used where its shape and type fit. DatasetError for another shape or
    merge, and where a sum is more than float32 holds.
    """
    if weights.ndim != 2 or weights.shape[1] != len(ICT_NAMES):
        raise DatasetError(f"ICT weights must have the shape (frames, {len(ICT_NAMES)}), these have {weights.shape}")
    if merge not in MERGES:
        raise DatasetError(f"{merge!r} is no way to merge columns: it must be one of {', '.join(MERGES)}")
    shape = len(weights), len(table)
    result = out if out is not None and out.shape == shape and out.dtype == np.float32 else np.empty(shape, np.float32)
    for start, stop, first in _runs(table):
        result[:, start:stop] = weights[:, first : first + stop - start]
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite, and is refused
        for column, sources in enumerate(table):
            if len(sources) != 1:
                merged = _merged([weights[:, source].astype(np.float32, copy=False) for source in sources], merge)
                if not np.isfinite(merged).all():
                    raise DatasetError(f"{ARKIT_NAMES[column]}: the {merge} of its ICT columns is no finite number")
                result[:, column] = merged
    return result


def from_arkit(weights: np.ndarray) -> np.ndarray:
    """ARKit weights (N, 51) as ICT weights (N, 55) float32: both halves of what ARKit has once move alike.

    cheekRaiser_L and _R, which ARKit does not have, are 0.
    """
    result = np.zeros((len(weights), len(ICT_NAMES)), np.float32)
    for column, sources in enumerate(TABLE):
        for source in sources:
            result[:, source] = weights[:, column]
    return result


def read_table(path: Path) -> Table:
    """A user's own table: a TOML file of lines `arkitKey = ["ictKey", 3]`, ICT keys by name or column from 0.

    One ICT key needs no list; an empty list leaves the ARKit key at 0; ARKit keys that are not named stay as in TABLE.
    DatasetError names the file and the key that is wrong.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DatasetError(f"{path}: is too large for a table of keys")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path}: cannot be read as TOML ({error})") from error
    table = list(TABLE)
    for key, given in content.items():
        if key not in ARKIT_NAMES:
            raise DatasetError(f"{path}: {key!r} is no ARKit key; write lines such as {_line('jawOpen', TABLE)}")
        sources = tuple(_column(path, key, item) for item in (given if isinstance(given, list) else [given]))
        if len(set(sources)) < len(sources):
            raise DatasetError(f"{path}: {key} names an ICT key twice")
        table[ARKIT_NAMES.index(key)] = sources
    return tuple(table)


def explain(merge: str = "mean", table: Table = TABLE) -> str:
    """The table as text that a person reads and `read_table` takes: a line a key, with columns from 0 behind it."""
    lines = [_line(key, table) for key in ARKIT_NAMES]
    width = max(map(len, lines))
    text = ["# ARKit key = its ICT keys         # column of face_arkit <- columns of face_ict, counted from 0"]
    for number, (line, sources) in enumerate(zip(lines, table, strict=True)):
        how = f"{merge} of " if len(sources) > 1 else ""
        text.append(f"{line:<{width}}  # {number:>2} <- {how}{', '.join(map(str, sources)) or 'nothing, always 0'}")
    unused = sorted(set(range(len(ICT_NAMES))) - {source for sources in table for source in sources})
    names = ", ".join(f"{ICT_NAMES[column]} ({column})" for column in unused)
    return "\n".join([*text, f"# ICT keys that are in no ARKit key: {names or 'none'}", ""])


def _line(key: str, table: Table) -> str:
    names = [f'"{ICT_NAMES[column]}"' for column in table[ARKIT_NAMES.index(key)]]
    return f"{key} = {names[0]}" if len(names) == 1 else f"{key} = [{', '.join(names)}]"


def _column(path: Path, key: str, item: object) -> int:
    if isinstance(item, str) and item in ICT_NAMES:
        return ICT_NAMES.index(item)
    if isinstance(item, int) and not isinstance(item, bool) and 0 <= item < len(ICT_NAMES):
        return item
    raise DatasetError(
        f"{path}: {key} must be an ICT key, or a list of them: its name, or its column from 0 to {len(ICT_NAMES) - 1}"
    )


@functools.cache
def _runs(table: Table) -> tuple[tuple[int, int, int], ...]:
    """ARKit columns start to stop that take ICT columns one after the other from first on.

    Copying whole runs is several times as fast as picking columns: most of the table is one run.
    """
    runs: list[tuple[int, int, int]] = []
    for column, sources in enumerate(table):
        if len(sources) != 1:
            continue
        if runs and runs[-1][1] == column and runs[-1][2] + column - runs[-1][0] == sources[0]:
            runs[-1] = (runs[-1][0], column + 1, runs[-1][2])
        else:
            runs.append((column, column + 1, sources[0]))
    return tuple(runs)


def _merged(columns: list[np.ndarray], merge: str) -> np.ndarray | float:
    if not columns:
        return 0.0
    if merge == "max":
        return np.maximum.reduce(columns)
    total = columns[0] + columns[1]
    for column in columns[2:]:
        total += column
    if merge == "mean":
        total /= np.float32(len(columns))
    return total
