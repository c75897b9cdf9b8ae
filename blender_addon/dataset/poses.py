"""A person's pose by the places of his joints: how straight he stands, and which way is up, left and forward."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Bones of a limb, and where they point in a rest pose that is made: (outwards, -front, up).
STRETCHED = {
    ("upper_arm", "forearm"): (1.0, 0.0, 0.0), ("forearm", "hand"): (1.0, 0.0, 0.0),
    ("thigh", "shin"): (0.0, 0.0, -1.0), ("shin", "foot"): (0.0, 0.0, -1.0), ("foot", "toe"): (0.0, -0.88, -0.48),
}  # fmt: skip


def standing_frame(positions: np.ndarray, roles: Mapping[str, int]) -> int:
    """The frame (number from 0) whose pose is nearest to a person's who stands with straight limbs."""
    score = np.zeros(positions.shape[2])
    base = _mean(positions, roles, "thigh", "hips")
    up = direction(_mean(positions, roles, "upper_arm", "head") - base)
    for side in "LR":
        for (start, end), wanted in STRETCHED.items():
            if start == "foot" or not {f"{start}.{side}", f"{end}.{side}"} <= roles.keys():
                continue
            bone = direction(positions[roles[f"{end}.{side}"]] - positions[roles[f"{start}.{side}"]])
            along = np.einsum("an,an->n", bone, up)
            # Arms may hang: only raised ones are far from any rest pose.
            score += -along if wanted[2] < 0 else -np.maximum(along, 0.0)
    return int(np.argmax(score))


def frame_axes(places: np.ndarray, roles: Mapping[str, int]) -> np.ndarray:
    """The rotation (3, 3) that stands a pose up (Z up, facing -Y), by hips and shoulders, without snapping to axes."""
    up = direction(_mean(places, roles, "upper_arm", "head") - _mean(places, roles, "thigh", "hips"))
    left = sum(
        places[roles[f"{part}.L"]] - places[roles[f"{part}.R"]]
        for part in ("thigh", "upper_arm")
        if {f"{part}.L", f"{part}.R"} <= roles.keys()
    )
    left = direction(left - up * (left @ up))
    return np.stack((left, -np.cross(left, up), up))


def _mean(places: np.ndarray, roles: Mapping[str, int], part: str, otherwise: str) -> np.ndarray:
    """The middle between both sides' joints of a part."""
    if {f"{part}.L", f"{part}.R"} <= roles.keys():
        return (places[roles[f"{part}.L"]] + places[roles[f"{part}.R"]]) / 2
    return places[roles[otherwise]]


def direction(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors of (3,) or (3, N)."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)
