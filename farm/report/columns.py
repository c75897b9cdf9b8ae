"""Plain text in columns and JSON: what quick commands print, without loading what draws tables."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any


def lines(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows below their headings, columns lined up; lines end where the terminal does, and are whole in a pipe."""
    table = [[_one_line(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    if not sys.stdout.isatty():
        return text
    across = shutil.get_terminal_size().columns
    return [line if len(line) <= across else f"{line[: across - 1]}…" for line in text]


def count(number: int, what: str) -> str:
    """`1 scene`, `2 scenes`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def json_text(facts: Any) -> str:
    """Plain data, data classes and paths as JSON."""
    return json.dumps(facts, default=_plain, indent=2, ensure_ascii=False)


def _one_line(text: str) -> str:
    """On one line, and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
