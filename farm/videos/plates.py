"""Text over videos: plates drawn into transparent pictures, and videos of such pictures that change on a frame."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from blender_addon.dataset import layout

from . import fonts

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int, int]
WHITE: Colour = (255, 255, 255, 255)
GREY: Colour = (205, 210, 216, 255)
_GROUND: Colour = (12, 14, 18, 170)

#: Of a line's height, by its letters' size; and of a plate's rim, by that of its first line.
_LEADING, _RIM = 1.3, 0.4

#: The picture's height that sizes of text are meant for, pixels.
_FULL_HEIGHT = 1080


@dataclass(frozen=True)
class Line:
    """A text of one size, in pixels of a picture 1080 high; it is wrapped where it is too long."""

    text: str
    size: float = 30
    bold: bool = False
    colour: Colour = WHITE


@dataclass(frozen=True)
class Box:
    """A part of a picture in pixels, from its upper left corner. Where it holds a video all four are even."""

    x: int
    y: int
    width: int
    height: int


def even(pixels: float) -> int:
    """The nearest even number of pixels: colours are kept for two by two."""
    return round(pixels / 2) * 2


class Canvas:
    """A transparent picture to draw plates on. font: a font file that is preferred."""

    def __init__(self, size: tuple[int, int], font: Path | None = None) -> None:
        from PIL import Image

        self.image = Image.new("RGBA", size, (0, 0, 0, 0))
        self._font = font
        self._scale = min(size[1] / _FULL_HEIGHT, size[0] / _FULL_HEIGHT)

    def scaled(self, pixels: float) -> int:
        """Pixels of a picture 1080 high as pixels of this one, at least one."""
        return max(1, round(pixels * self._scale))

    def frame(self, box: Box, colour: Colour = WHITE, width: float = 4) -> None:
        """A line along the inner side of a box."""
        from PIL import ImageDraw

        corner = box.x + box.width - 1, box.y + box.height - 1
        ImageDraw.Draw(self.image).rectangle(((box.x, box.y), corner), outline=colour, width=self.scaled(width))

    def plate(
        self,
        lines: Sequence[Line],
        within: Box,
        *,
        across: Literal["left", "middle", "right"] = "left",
        up: Literal["top", "middle", "bottom"] = "top",
        whole: bool = False,
        bare: bool = False,
        most: int = 99,
    ) -> None:
        """Lines on a dark ground in a corner or at an edge of a box; text that does not fit is made smaller.

        whole: the ground is as wide as the box; bare: there is no ground and no rim; most: rows of a line of text, the
        last then ends in an ellipsis.
        """
        from PIL import Image, ImageDraw

        lines = [line for line in lines if line.text.strip()]
        if not lines:
            return
        rows, rim = self._rows(lines, within, most, bare=bare)
        width = max(self._width(row) for row in rows) + 2 * rim
        height = sum(self._leading(row) for row in rows) + 2 * rim
        width = within.width if whole else min(width, within.width)
        x = within.x + {"left": 0, "middle": (within.width - width) // 2, "right": within.width - width}[across]
        y = within.y + {"top": 0, "middle": (within.height - height) // 2, "bottom": within.height - height}[up]
        ground = Image.new("RGBA", (width, height), (0, 0, 0, 0) if bare else _GROUND)
        draw = ImageDraw.Draw(ground)
        top = rim
        for row in rows:
            left = (width - self._width(row)) // 2 if across == "middle" else rim
            self._write(draw, left, top, row)
            top += self._leading(row)
        self.image.alpha_composite(ground, (max(x, 0), max(y, 0)))

    def _rows(self, lines: Sequence[Line], within: Box, most: int, *, bare: bool) -> tuple[list[Line], int]:
        """The lines wrapped to the box's width, all made smaller until they fit its height; and their rim."""
        shrunk = 1.0
        while True:
            sized = [replace(line, size=line.size * shrunk) for line in lines]
            rim = 0 if bare else self.scaled(sized[0].size * _RIM)
            rows = [row for line in sized for row in self._wrapped(line, within.width - 2 * rim, most)]
            height = sum(self._leading(row) for row in rows) + 2 * rim
            if height <= within.height or shrunk < 0.3:
                return rows, rim
            shrunk *= 0.9

    def _wrapped(self, line: Line, width: int, most: int) -> list[Line]:
        rows: list[str] = []
        for paragraph in line.text.splitlines():
            rows += self._wrapped_paragraph(line, _plain(paragraph), width)
        if len(rows) > most:
            rows = rows[:most]
            while rows[-1] and self._width(replace(line, text=rows[-1] + "…")) > width:
                rows[-1] = rows[-1][:-1]
            rows[-1] = rows[-1].rstrip() + "…"
        return [replace(line, text=row) for row in rows if row]

    def _wrapped_paragraph(self, line: Line, text: str, width: int) -> list[str]:
        """Cut at spaces, and in words that are longer than the width or of a script without spaces."""
        rows, row = [], ""
        for word in text.split():
            longer = f"{row} {word}" if row else word
            if self._width(replace(line, text=longer)) <= width:
                row = longer
                continue
            if row:
                rows.append(row)
            row = word
            while len(row) > 1 and self._width(replace(line, text=row)) > width:
                end = next(n for n in range(len(row) - 1, 0, -1)
                           if n == 1 or self._width(replace(line, text=row[:n])) <= width)  # fmt: skip
                rows.append(row[:end])
                row = row[end:]
        return [*rows, row]

    def _leading(self, line: Line) -> int:
        return self.scaled(line.size * _LEADING)

    def _width(self, line: Line) -> int:
        return round(sum(font.getlength(text) for text, font in self._runs(line)))

    def _runs(self, line: Line) -> list:
        return fonts.runs(line.text, self.scaled(line.size), bold=line.bold, first=self._font)

    def _write(self, draw, left: int, top: int, line: Line) -> None:
        x: float = left
        # Fonts that take turns stand on one line.
        base = top + round(self.scaled(line.size) * (_LEADING / 2 + 0.36))
        for text, font in self._runs(line):
            draw.text((x, base), text, font=font, fill=line.colour, anchor="ls")
            x += font.getlength(text)


def _plain(text: str) -> str:
    """Text without characters that control something, such as tabs."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") else letter for letter in text)


def write_video(path: Path, pictures: Sequence[tuple[int, Image]]) -> None:
    """A video of transparent pictures of one size, each from its frame on, from 0; the first from frame 0.

    NUT, which keeps times exactly: one picture lasts until the next comes, and the last for ever.
    """
    import av
    import numpy as np

    with av.open(str(path), "w", format="nut") as container:
        stream = container.add_stream("png", rate=layout.FPS)
        stream.width, stream.height = pictures[0][1].size
        stream.pix_fmt = "rgba"
        for number, picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgba")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
