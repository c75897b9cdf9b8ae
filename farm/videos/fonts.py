"""Fonts for text in pictures: those that come with Blender, which has letters of every script, else the system's.

Pillow is imported where it is used: a command line that only plans should not pay for it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FarmError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

#: Blender's font for its own window, and what stands in for letters that no font has.
_MAIN, _LAST_RESORT = "Inter.woff2", "lastresort.woff2"

#: Plain fonts of Linux, macOS and Windows, by the names by which Pillow finds them.
_SYSTEM = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf")

#: No font has a letter for this: it is no character.
_NOBODYS = "\uffff"

#: The size in which fonts are tried, pixels.
_TRIED = 16

#: Of variable fonts, on their axis `Weight`.
_REGULAR, _BOLD = 450, 700


@cache
def chain() -> tuple[str, ...]:
    """Font files by preference, each for letters that those before it lack; empty for none but Pillow's own."""
    for folder in _blender_folders():
        main = folder / _MAIN
        if main.is_file():
            others = [file for file in sorted(folder.glob("*.woff2")) if file.name not in (_MAIN, _LAST_RESORT)]
            if _opens(str(main)):
                return str(main), *map(str, others)
    return tuple(name for name in _SYSTEM if _opens(name))


def runs(text: str, size: int, *, bold: bool = False, first: Path | None = None) -> list[tuple[str, FreeTypeFont]]:
    """A text cut where another font has to take over; size: in pixels; first: a font file that is preferred to all.

    FarmError where that is no font.
    """
    cut: list[tuple[str, FreeTypeFont]] = []
    for letter in text:
        font = cut[-1][1] if cut and letter.isspace() else _font(_file_of(letter, first), size, bold)
        if cut and font is cut[-1][1]:
            cut[-1] = (cut[-1][0] + letter, font)
        else:
            cut.append((letter, font))
    return cut


def missing(text: str, first: Path | None = None) -> str:
    """The letters of a text that no font here has, each once."""
    letters = dict.fromkeys(letter for letter in text if not letter.isspace())
    return "".join(letter for letter in letters if not _has(_file_of(letter, first), letter))


def require(file: Path) -> None:
    """FarmError where a file is no font."""
    _font(str(file), _TRIED, False)


@lru_cache(maxsize=4096)
def _file_of(letter: str, first: Path | None) -> str:
    """The first font that has a letter; where none has it the first of all."""
    files = [*([str(first)] if first else []), *chain(), ""]
    return next((file for file in files if letter.isspace() or _has(file, letter)), files[0])


@lru_cache(maxsize=256)
def _font(file: str, size: int, bold: bool) -> FreeTypeFont:
    """A font, Pillow's own for no file, bold where it can be."""
    from PIL import ImageFont

    try:
        # load_default may give a bitmap font, but not where a size is named.
        font: FreeTypeFont = ImageFont.truetype(file, size) if file else ImageFont.load_default(size)  # type: ignore[assignment]
    except (OSError, ImportError) as error:
        raise FarmError(f"{file or 'Pillow'}: no font that can be read ({error}); name a .ttf or .otf file") from error
    try:
        axes = font.get_variation_axes()
    except (OSError, NotImplementedError):
        return font
    font.set_variation_by_axes([_on_axis(axis, _BOLD if bold else _REGULAR) for axis in axes])
    return font


def _on_axis(axis: Mapping[str, Any], weight: int) -> float:
    """The weight on the axis of weights, what is usual on every other."""
    if b"weight" not in (axis["name"] or b"").lower():
        return axis["default"] or 0
    return min(max(weight, axis["minimum"] or 0), axis["maximum"] or weight)


@lru_cache(maxsize=4096)
def _has(file: str, letter: str) -> bool:
    """Whether a font has a letter, by whether it draws it otherwise than what nobody has."""
    font = _font(file, _TRIED, False)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NOBODYS))


def _opens(file: str) -> bool:
    from PIL import ImageFont

    try:
        ImageFont.truetype(file, _TRIED)
    except OSError:
        return False
    return True


def _blender_folders() -> Iterator[Path]:
    """Where Blenders of this machine keep their fonts: the bpy module, found without importing it, and applications."""
    spec = importlib.util.find_spec("bpy")
    roots = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    for program in (os.environ.get("INTERACT_BLENDER"), shutil.which("blender")):
        if program:
            beside = Path(program).resolve().parent
            roots += [beside, beside.parent / "Resources", beside.parent / "share" / "blender"]
    for root in roots:
        yield from sorted(root.glob("*/datafiles/fonts"), reverse=True)
        yield root / "datafiles" / "fonts"
