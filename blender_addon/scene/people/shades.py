"""The colours of an actor made of people's data, from his look: eyes, teeth, and the shades of his hair."""

from __future__ import annotations

import hashlib

from .. import looks
from ..looks import Colour, mix

#: Irises, sRGB as hexadecimal digits: of the data set's actors, and of others, most of them brown.
_IRIS_OF = {
    "001": "6b4a2a", "002": "56704c", "003": "3d2819", "005": "5f7d90", "006": "472e1d", "007": "4d7aa0",
    "008": "4a3120",
}  # fmt: skip
_IRISES = ("3d2819", "472e1d", "5b3c24", "6b4a2a", "56704c", "4d7aa0")
#: Whose skin is darker than this, the mean of its channels, has one of so many browns.
_DARK, _BROWNS = 0.62, 3
#: Whose hair is at least so bright against his skin has brows that are darker.
_PALE = 0.75
_GLEAM, _SHADE = (1.0, 0.9, 0.75), (0.0, 0.0, 0.0)
#: Teeth are ivory behind the lips' shadow; those beside the tongue lie in the dark.
_TEETH, _MOLARS = (0.73, 0.67, 0.58), (0.50, 0.40, 0.34)


def iris(actor: str, look: looks.Look) -> str:
    """The colour of an actor's eyes, sRGB as hexadecimal digits: the same for the same id everywhere."""
    if actor in _IRIS_OF:
        return _IRIS_OF[actor]
    choice = _IRISES[:_BROWNS] if sum(look.skin) / 3 < _DARK else _IRISES
    return choice[int(hashlib.sha256(actor.encode()).hexdigest(), 16) % len(choice)]


def shown_colours(actor: str, look: looks.Look) -> dict[str, tuple[Colour, float]]:
    """sRGB colour and roughness of each of dress.MATERIALS."""
    shown = looks.shown_colours(look, iris(actor, look))
    # Brows as light as the skin would come and go with the light.
    brows = mix(look.hair, _SHADE, 0.45) if sum(look.hair) > _PALE * sum(look.skin) else look.hair
    return shown | {
        "tights": (mix(look.legs, look.skin, 0.12), 0.6),
        "collar": (mix(look.top, _SHADE, 0.10), 0.9),
        "teeth": (_TEETH, 0.35),
        "molars": (_MOLARS, 0.5),
        "brows": (mix(brows, look.skin, 0.24), 0.7),
        "brow edge": (mix(brows, look.skin, 0.52), 0.7),
        "beard": (mix(look.skin, look.hair, 0.55), 0.75),
        "beard edge": (mix(look.skin, look.hair, 0.36), 0.7),
        "hair": (look.hair, 0.58),
        "hair light": (mix(look.hair, _GLEAM, 0.06), 0.52),
        "hair dark": (mix(look.hair, _SHADE, 0.15), 0.62),
        # At the hairline the skin shines through.
        "hair root": (mix(look.hair, look.skin, 0.38), 0.6),
        "hair edge": (mix(look.hair, look.skin, 0.12), 0.6),
    }
