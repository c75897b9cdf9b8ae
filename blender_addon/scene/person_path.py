"""Where a person is over a scene: joints wrapped in balls, as cameras see them. numpy alone, no Blender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..dataset import joint_roles

#: How far a body reaches from its joints, metres. A head joint lies at the skull's base: its ball is lifted.
_REACH = {
    "hips": 0.20, "head": 0.18, "upper_arm": 0.12, "forearm": 0.10, "hand": 0.12, "shin": 0.10, "foot": 0.12,
    "toe": 0.12, "finger": 0.06,
}  # fmt: skip
_SKULL = 0.12
#: A hand without finger joints.
_WHOLE_HAND = 0.22


@dataclass(frozen=True)
class PersonPath:
    """Where a person's joints are over a scene: (J, 3, F) world metres, Z up, and the joints' roles."""

    positions: np.ndarray
    roles: Mapping[str, int]

    def skull(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The ball that holds the head, as of `balls`; None for a skeleton without a known one."""
        if "head" not in self.roles:
            return None
        return self.positions[self.roles["head"]].T[:, None] + (0.0, 0.0, _SKULL), np.array((_REACH["head"],))

    def balls(self) -> tuple[np.ndarray, np.ndarray]:
        """Balls that hold the whole person: centres (F, K, 3) and radii (K,), metres."""
        joints, radii, lift = [], [], []
        for role, radius in self._reach().items():
            joints.append(self.roles[role])
            radii.append(radius)
            lift.append(_SKULL if role == "head" else 0.0)
        if not joints:
            count = len(self.positions)
            joints, radii, lift = [*range(count)], [0.2] * count, [0.0] * count
        centres = self.positions[joints].transpose(2, 0, 1).copy()
        centres[:, :, 2] += lift
        return centres, np.array(radii)

    def _reach(self) -> dict[str, float]:
        reach = {role: _REACH[role] for role in ("hips", "head") if role in self.roles}
        for side in "LR":
            tips = [
                next((f"{f}.{n}.{side}" for n in (3, 2, 1) if f"{f}.{n}.{side}" in self.roles), "")
                for f in joint_roles.FINGERS
            ]
            reach |= {tip: _REACH["finger"] for tip in tips if tip}
            for part in ("upper_arm", "forearm", "hand", "shin", "foot", "toe"):
                if f"{part}.{side}" in self.roles:
                    bare = part == "hand" and not any(tips)
                    reach[f"{part}.{side}"] = _WHOLE_HAND if bare else _REACH[part]
        return reach

    def places(self) -> np.ndarray:
        """Where the person is: (F, 3)."""
        return self.positions[self.roles.get("hips", 0)].T

    def facing(self) -> np.ndarray:
        """Where the person's front points: (F, 3), level unit vectors, by hips and shoulders; -Y without either."""
        left = np.zeros((self.positions.shape[2], 3))
        for role in ("thigh", "upper_arm"):
            if {f"{role}.L", f"{role}.R"} <= self.roles.keys():
                across = (self.positions[self.roles[f"{role}.L"]] - self.positions[self.roles[f"{role}.R"]]).T
                left += across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        front = np.cross(left, (0.0, 0.0, 1.0))
        length = np.linalg.norm(front, axis=1, keepdims=True)
        return np.where(length > 1e-6, front / np.maximum(length, 1e-9), (0.0, -1.0, 0.0))
