"""How built-in actors look: each one's colours and build; numpy-free data."""

from __future__ import annotations

import colorsys
import hashlib
from dataclasses import dataclass

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """An actor's colours, sRGB 0..1, and build."""

    top: Colour
    legs: Colour
    shoes: Colour
    hair: Colour
    skin: Colour
    female: bool = False


def _hex(text: str) -> Colour:
    red, green, blue = (int(text[n : n + 2], 16) / 255 for n in (0, 2, 4))
    return red, green, blue


def _look(top: str, legs: str, shoes: str, hair: str, skin: str, *, female: bool = False) -> Look:
    return Look(_hex(top), _hex(legs), _hex(shoes), _hex(hair), _hex(skin), female)


#: InterAct's seven actors: no two tops look alike (see colours.APART).
LOOKS = {
    "001": _look("2f6fb5", "3a4150", "e8e4dc", "3b2a20", "e0ac87"),
    "002": _look("d9604c", "37486b", "f0ece6", "5a3320", "efc3a2", female=True),
    "003": _look("55843a", "6b5d4d", "3c3a3a", "1f1b1a", "c98e68"),
    "005": _look("cfc8b6", "2f3b4f", "8a4b33", "6d4a2c", "dba27c"),
    "006": _look("9a4a92", "454a52", "e4dfe6", "241d1f", "e6b594", female=True),
    "007": _look("e2b73f", "5a5f72", "c9705c", "a8743f", "f2cbb0", female=True),
    "008": _look("3aa7a0", "4a4440", "d8d4cc", "8a8680", "b97f5c"),
}

_SKINS = ("e0ac87", "efc3a2", "c98e68", "b97f5c", "8f5b40")

_HAIRS = ("3b2a20", "1f1b1a", "5a3320", "8a5a30", "6a6a6c")

_LIPS, _LASHES, _TEETH, _MOUTH, _TONGUE = map(_hex, ("b8605a", "2a1f1c", "f4f0e8", "4a1c1c", "b4605c"))

IRISES = ("4d7aa0", "6b4a2a", "5f7a4a", "7a5a34")


def look_of(actor: str, gender: str = "") -> Look:
    """An actor's look: fixed for the data set's actors, else the same for the same id everywhere.

    gender: "female", "male" (or "f", "m") or "" for what is known of the actor.
    """
    look = LOOKS.get(actor)
    if look is None:
        digest = hashlib.sha256(actor.encode()).digest()
        hue = digest[0] / 256
        look = Look(
            colorsys.hsv_to_rgb(hue, 0.62, 0.72),
            colorsys.hsv_to_rgb((hue + 0.55) % 1.0, 0.30, 0.36),
            colorsys.hsv_to_rgb(hue, 0.08, 0.30 + 0.55 * (digest[1] % 2)),
            _hex(_HAIRS[digest[2] % len(_HAIRS)]),
            _hex(_SKINS[digest[3] % len(_SKINS)]),
        )
    if gender:
        look = Look(look.top, look.legs, look.shoes, look.hair, look.skin, gender.lower().startswith("f"))
    return look


def shown_colours(look: Look, iris: str) -> dict[str, tuple[Colour, float]]:
    """Colour and roughness of each of an actor's materials; iris: the eyes' colour as hexadecimal digits."""
    return {
        "top": (look.top, 0.85), "legs": (look.legs, 0.9), "shoes": (look.shoes, 0.6), "soles": (_sole(look), 0.7),
        "skin": (look.skin, 0.55), "hair": (look.hair, 0.5), "brows": (_darker(look.hair, 0.75), 0.7),
        "lips": (mix(look.skin, _LIPS, 0.55), 0.4), "lashes": (_LASHES, 0.6), "teeth": (_TEETH, 0.3),
        "mouth": (_MOUTH, 0.8), "tongue": (_TONGUE, 0.4), "sclera": (_hex("f3f1ee"), 0.15),
        "pupil": (_hex("0b0a0a"), 0.1),
        "iris": (_hex(iris), 0.15),
    }  # fmt: skip


def mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = colour
    return red * share, green * share, blue * share


def _sole(look: Look) -> Colour:
    return _hex("ece8e0") if sum(look.shoes) < 1.8 else _hex("55524e")
