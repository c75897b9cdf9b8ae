"""How tall a captured person is, and so in which unit of length he was captured."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from . import joint_roles
from .errors import DatasetError

#: Units of length, metres, and how tall people are, metres, and usually.
_UNITS = (1.0, 0.0254, 0.01, 0.001)
_SHORTEST, _TALLEST, _USUAL = 1.25, 2.2, 1.70
#: What a body's height is to its parts, as in people of InterAct and in the real captures.
_LEG, _TRUNK, _ARM = 0.475, 0.350, 0.314


def unit_of(name: str, rest: np.ndarray, roles: Mapping[str, int], notices: list[str]) -> float:
    """Metres a unit, by how tall the body is; where no unit makes it a person, the one that does."""
    height = height_of(rest, roles)
    if not height > 0:
        raise DatasetError(f"{name}: its bones have no length")
    fitting = [metres for metres in _UNITS if _SHORTEST <= height * metres <= _TALLEST]
    if fitting:
        return min(fitting, key=lambda metres: abs(float(np.log(height * metres / _USUAL))))
    notices.append(f"{name}: a person of about {height:.3g} units is none in any unit; shown {_USUAL} m tall")
    return _USUAL / height


def height_of(rest: np.ndarray, roles: Mapping[str, int]) -> float:
    """How tall a body stands, by the lengths of its parts: their median."""

    def length(*line: str) -> float:
        joints = [roles[role] for role in line]
        return float(sum(np.linalg.norm(rest[a] - rest[b]) for a, b in itertools.pairwise(joints)))

    found = []
    for parts, share in ((("thigh", "shin", "foot"), _LEG), (("upper_arm", "forearm", "hand"), _ARM)):
        lines = [[f"{part}.{side}" for part in parts] for side in "LR"]
        found += [length(*line) / share for line in lines if set(line) <= roles.keys()][:1]
    trunk = [f"{chain}.{n}" for chain in ("spine", "neck") for n in range(len(joint_roles.chain_of(roles, chain)))]
    if "head" in roles:
        found.append(length("hips", *trunk, "head") / _TRUNK)
    return float(np.median(found)) if found else 0.0
