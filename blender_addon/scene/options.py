"""How a pair is composited: what the panel and the command line can choose, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What an action's name is made of: the fields that `CompositeOptions.names` may hold.
NAME_FIELDS = ("scene", "actor", "performance", "part")


@dataclass(frozen=True)
class CompositeOptions:
    """The defaults are what a render of the farm does.

    up: the capture's up axis, "X", "Y" or "Z"; None reads it from the motion. scale: metres of the rig's world a metre
    of the capture, the same for both actors and in all directions; None takes the rigs' leg lengths.
    rest_correction: whether bones are turned from the rig's rest pose into the BVH's, else only the body as a whole.
    root_motion: whether people leave their places; else each stays where he began, and only his height moves.
    start_at_zero: whether the middle between both people is over the world's origin in frame 1. face: whether face
    weights are put on. names: actions' names, with {scene}, {actor}, {performance} and {part} filled in. strips:
    whether actions become strips of an NLA track instead. sound: whether voices are put into the sequencer, to be
    heard on play. pin_feet: whether feet that stand on the floor are kept from sliding.
    """

    up: str | None = None
    scale: float | None = None
    rest_correction: bool = True
    root_motion: bool = True
    start_at_zero: bool = False
    face: bool = True
    names: str = "{performance} {part}"
    strips: bool = False
    sound: bool = False
    pin_feet: bool = False

    def name(self, **fields: str) -> str:
        """An action's name; fields: a text for each of NAME_FIELDS."""
        return re.sub(r"\{(" + "|".join(NAME_FIELDS) + r")\}", lambda found: fields[found[1]], self.names)
