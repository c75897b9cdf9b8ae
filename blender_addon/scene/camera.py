"""Which camera a composited scene is seen through, and what it must keep in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from . import stage

#: On a camera: "auto" has compositing place it anew for each scene.
FRAMING_PROPERTY = "interact_framing"

#: How far a body reaches from its joints, metres; a head joint lies at the skull's base.
_BODY = 0.12
_CROWN = 0.28


@dataclass(frozen=True)
class PersonPath:
    """Where a person's joints are over a scene: (J, 3, F) world metres, and the joints' roles."""

    positions: np.ndarray
    roles: Mapping[str, int]

    def outline(self) -> np.ndarray:
        """Points (K, 3) that hold the whole person in every frame."""
        ends = [
            self.roles[r] for r in ("hips", "head", *_both("hand"), *_both("foot"), *_both("toe")) if r in self.roles
        ]
        joints = self.positions[ends or slice(None)].transpose(0, 2, 1).reshape(-1, 3)
        steps = np.array([(_BODY, 0, 0), (-_BODY, 0, 0), (0, _BODY, 0), (0, -_BODY, 0)])
        points = [joints + step for step in steps]
        if "head" in self.roles:
            points.append(self.positions[self.roles["head"]].T + np.array([0.0, 0.0, _CROWN]))
        return np.concatenate(points)

    def place(self) -> np.ndarray:
        """Where the person is on average: (3,)."""
        return self.positions[self.roles.get("hips", 0)].mean(axis=1)

    def facing(self) -> np.ndarray:
        """Where the person's front points on average: (3,), level; towards -Y where hips cannot tell."""
        if not {"thigh.L", "thigh.R"} <= self.roles.keys():
            return np.array([0.0, -1.0, 0.0])
        left = (self.positions[self.roles["thigh.L"]] - self.positions[self.roles["thigh.R"]]).mean(axis=1)
        front = np.cross(left, (0.0, 0.0, 1.0))
        return front / max(float(np.linalg.norm(front)), 1e-9)


def frame_scene(scene: bpy.types.Scene, people: Sequence[PersonPath]) -> None:
    """Place the scene's self-framing camera so that all people stay in the picture.

    A camera of the user's own is left alone; a template without any camera gets a framing one.
    """
    if scene.camera is None:
        data = bpy.data.cameras.new("interact_camera")
        scene.camera = bpy.data.objects.new("interact_camera", data)
        scene.camera[FRAMING_PROPERTY] = "auto"
        scene.collection.objects.link(scene.camera)
    if scene.camera.get(FRAMING_PROPERTY) != "auto":
        return
    stage.frame_people(
        scene.camera,
        scene,
        np.concatenate([person.outline() for person in people]),
        people=np.stack([person.place() for person in people]),
        facing=np.stack([person.facing() for person in people]),
    )


def _both(role: str) -> tuple[str, str]:
    return f"{role}.L", f"{role}.R"
