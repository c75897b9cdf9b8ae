"""A grid of videos: where each is, and what is written on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .plates import GREY, Box, Canvas, Line, even

#: Columns by how many videos there are. People beside each other fill a cell that is about as high as wide.
_COLUMNS = {2: 2, 3: 3, 4: 2, 5: 3, 6: 3}

#: In pixels of a picture 1080 high: the title's strip, a caption above a video, what is left between cells, and between
#: a cell's edge and text.
_STRIP, _CAPTION, _GAP, _FREE = 44, 60, 6, 16

#: Of a caption's width: its label, where there is a note beside it.
_LABEL = 0.42


@dataclass(frozen=True)
class Cell:
    """What is written above a video; note: smaller, beside it."""

    label: str
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A picture's parts. size: of the whole; rendered: of each video; captions: above each; strip: for the title, None
    without one."""

    size: tuple[int, int]
    rendered: tuple[int, int]
    boxes: tuple[Box, ...]
    captions: tuple[Box, ...]
    strip: Box | None

    @classmethod
    def of(cls, count: int, size: tuple[int, int], *, titled: bool, square: bool = False) -> Grid:
        """The grid of so many videos; square: they are squares."""
        scale = min(size) / 1080
        # H.264 takes even sides alone, and a video is laid on even places.
        gap, top = even(_GAP * scale), even(_STRIP * scale) if titled else 0
        caption = even(_CAPTION * scale)
        columns = _COLUMNS[count]
        rows = -(-count // columns)
        width = (size[0] - gap * (columns - 1)) // columns // 2 * 2
        height = (size[1] - top - gap * (rows - 1)) // rows // 2 * 2 - caption
        if square:
            width = height = min(width, height)
        left, down = width + gap, caption + height + gap
        x0 = even((size[0] - columns * left + gap) / 2)
        y0 = top + even((size[1] - top - rows * down + gap) / 2)
        boxes, captions = [], []
        for number in range(count):
            row, column = divmod(number, columns)
            # A last row that is not full stands in the middle.
            free = columns - min(count - row * columns, columns)
            x, y = x0 + even(free * left / 2) + column * left, y0 + row * down
            captions.append(Box(x, y, width, caption))
            boxes.append(Box(x, y + caption, width, height))
        strip = Box(0, 0, size[0], top) if titled else None
        return cls(size, (width, height), tuple(boxes), tuple(captions), strip)


def draw(grid: Grid, cells: Sequence[Cell], title: str, font: Path | None = None) -> Canvas:
    """Title and labels over the whole picture."""
    canvas = Canvas(grid.size, font)
    free = canvas.scaled(_FREE)
    if grid.strip is not None:
        canvas.plate([Line(title, 28, colour=GREY)], grid.strip, across="middle", up="middle", bare=True, most=1)
    for cell, box in zip(cells, grid.captions, strict=True):
        inside = box.width - 2 * free
        label = round(inside * _LABEL) if cell.note else inside
        left = Box(box.x + free, box.y, label, box.height)
        right = Box(box.x + free + label, box.y, inside - label, box.height)
        canvas.plate([Line(cell.label, 40, bold=True)], left, up="middle", bare=True, most=2)
        canvas.plate([Line(cell.note, 26, colour=GREY)], right, across="right", up="middle", bare=True, most=2)
    return canvas
