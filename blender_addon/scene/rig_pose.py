"""Where a rig's bones are under its channels, by Blender's own rules, without Blender.

Everything here is in the world: metres, Z up.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..dataset import rotations
from .retarget import Channels, RigRest


class RigPose:
    """The poses of bones over N frames, worked out from the root down as they are asked for."""

    def __init__(self, rig: RigRest, channels: Channels) -> None:
        self._rig = rig
        self._channels = channels
        self._frames = next(iter(channels.rotations.values())).shape[1]
        self._rest = rig.turn @ rig.rest
        self._rest_heads = rig.heads @ rig.world[:3, :3].T + rig.world[:3, 3]
        self._heads: dict[int, np.ndarray] = {}
        self._turns: dict[int, np.ndarray] = {}

    def head(self, bone: int) -> np.ndarray:
        """Where a bone begins, (3, N)."""
        if bone not in self._heads:
            parent = self._rig.parents[bone]
            offset = self._rest_heads[bone][:, None]
            if parent >= 0:
                offset = offset - self._rest_heads[parent][:, None]
            if bone in self._channels.locations:
                axes_of = bone if self._rig.local_location[bone] else parent
                axes = self._rest[axes_of] if axes_of >= 0 else self._rig.turn
                offset = offset + axes @ self._channels.locations[bone] * self._rig.scale
            if parent >= 0:
                offset = self.head(parent) + rotations.rotate(self.turn(parent), offset)
            self._heads[bone] = np.broadcast_to(offset, (3, self._frames))
        return self._heads[bone]

    def turn(self, bone: int) -> np.ndarray:
        """How far a bone is turned out of its rest pose, (4, N)."""
        if bone not in self._turns:
            above = self.turn_above(bone)
            if bone in self._channels.rotations:
                rest = self._rest[bone]
                own = rotations.multiply_around(
                    rotations.from_matrix(rest), self._channels.rotations[bone], rotations.from_matrix(rest.T)
                )
                above = rotations.multiply(above, own)
            self._turns[bone] = np.broadcast_to(above, (4, self._frames))
        return self._turns[bone]

    def turn_above(self, bone: int) -> np.ndarray:
        """The turn (4, N), or (4, 1), that a bone takes from its parent."""
        parent = self._rig.parents[bone]
        return self.turn(parent) if parent >= 0 and self._rig.inherits[bone] else rotations.IDENTITY

    def set_turn(self, bones: Iterable[int], turn: np.ndarray) -> None:
        """Have bones turned out of their rest pose otherwise; what hangs on them must not have been asked for."""
        self._turns.update((bone, turn) for bone in bones)

    def channel(self, bone: int) -> np.ndarray:
        """The rotation channel (4, N) that gives a bone its turn."""
        rest = self._rest[bone]
        own = rotations.multiply(rotations.inverse(self.turn_above(bone)), self.turn(bone))
        channel = rotations.multiply_around(rotations.from_matrix(rest.T), own, rotations.from_matrix(rest))
        return rotations.same_hemisphere(channel)
