"""Which part of a face each of the 52 ARKit keys moves, and where to: one table for every head that there is.

The parts are found on the mesh itself, by the materials of lips, pupils and tongue and by places that are told from
them, in the millimetres of a head whose pupils are 60 mm apart. The person faces -Y, his left is +X.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np

#: Directions: `out` is to the side that the part is on.
LEFT, RIGHT, FORTH, BACK, UP, DOWN = ((1, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, 1), (0, 0, -1))
OUT, IN = "out", "in"

#: Key, with `*` for Left and Right: part, direction, and the least that it moves there, millimetres. A part of one
#: side is named with `*` as well; with `+` before it, the key moves the parts of both sides.
MOVES = (
    ("browDown*", "inner brow *", DOWN, 1.0),
    ("browInnerUp", "+inner brow *", UP, 1.0),
    ("browOuterUp*", "outer brow *", UP, 1.0),
    ("cheekPuff", "+cheek *", OUT, 1.0),
    ("cheekSquint*", "below the eye *", UP, 0.5),
    ("eyeBlink*", "upper lid *", DOWN, 3.0),
    ("eyeLookDown*", "pupil *", DOWN, 2.0),
    ("eyeLookIn*", "pupil *", IN, 2.0),
    ("eyeLookOut*", "pupil *", OUT, 2.0),
    ("eyeLookUp*", "pupil *", UP, 2.0),
    ("eyeSquint*", "lower lid *", UP, 0.5),
    ("eyeWide*", "upper lid *", UP, 0.5),
    ("jawForward", "chin", FORTH, 2.0),
    ("jawLeft", "chin", LEFT, 2.0),
    ("jawOpen", "chin", DOWN, 10.0),
    ("jawRight", "chin", RIGHT, 2.0),
    ("mouthClose", "lower lip", UP, 2.0),
    ("mouthDimple*", "corner *", OUT, 0.5),
    ("mouthFrown*", "corner *", DOWN, 1.0),
    ("mouthFunnel", "upper lip", FORTH, 1.0),
    ("mouthFunnel", "lower lip", FORTH, 1.0),
    ("mouthLeft", "upper lip", LEFT, 2.0),
    ("mouthLowerDown*", "lower lip *", DOWN, 1.0),
    ("mouthPress*", "lower lip *", UP, 0.2),
    ("mouthPucker", "upper lip", FORTH, 1.0),
    ("mouthPucker", "+corner *", IN, 2.0),
    ("mouthRight", "upper lip", RIGHT, 2.0),
    ("mouthRollLower", "lower lip", BACK, 1.0),
    ("mouthRollUpper", "upper lip", BACK, 1.0),
    ("mouthShrugLower", "lower lip", UP, 1.0),
    ("mouthShrugUpper", "upper lip", UP, 1.0),
    ("mouthSmile*", "corner *", UP, 1.0),
    ("mouthSmile*", "corner *", OUT, 1.0),
    ("mouthStretch*", "corner *", OUT, 1.0),
    ("mouthUpperUp*", "upper lip *", UP, 1.0),
    ("noseSneer*", "nostril *", UP, 1.0),
    ("tongueOut", "tongue", FORTH, 2.0),
)


@dataclass(frozen=True)
class Move:
    """One line of the table: the key moves the part of the face in the direction by at least so many millimetres.

    other: the same part of the other side, where the key is one side's.
    """

    key: str
    part: str
    direction: tuple[float, float, float]
    least: float
    other: str = ""

    def __str__(self) -> str:
        return f"{self.key}-{self.part}".replace(" ", "_")


def moves() -> list[Move]:
    """The table, line by line and side by side."""
    found = []
    for key, part, direction, least in MOVES:
        for side, sign in (("Left", 1), ("Right", -1)) if "*" in key + part else (("", 0),):
            towards = {OUT: (sign, 0, 0), IN: (-sign, 0, 0)}.get(direction, direction)
            other = part.replace("*", {"Left": "Right", "Right": "Left"}[side]) if "*" in key else ""
            found.append(Move(key.replace("*", side), part.strip("+").replace("*", side), towards, least, other))
    return found


class Face:
    """A head's mesh object with its keys."""

    def __init__(self, thing: bpy.types.Object) -> None:
        mesh = thing.data
        self.names = [key.name for key in mesh.shape_keys.key_blocks][1:]
        self._blocks = mesh.shape_keys.key_blocks
        self.points = self._read("Basis")
        self._paint: dict[str, set[int]] = {}
        self._edges = np.array([edge.vertices[:] for edge in mesh.edges])
        for face in mesh.polygons:
            name = mesh.materials[face.material_index].name.rpartition("_")[2].partition(".")[0]
            self._paint.setdefault(name, set()).update(face.vertices)

    def _read(self, key: str) -> np.ndarray:
        points = np.empty(len(self._blocks[key].data) * 3, dtype=np.float32)
        self._blocks[key].data.foreach_get("co", points)
        return points.reshape(-1, 3).astype(float)

    def painted(self, *names: str) -> np.ndarray:
        """Vertices (N,) of materials."""
        return np.array(sorted(set().union(*(self._paint.get(name, set()) for name in names))), dtype=int)

    def offsets(self, key: str) -> np.ndarray:
        """How a key moves the vertices (V, 3), millimetres of a head whose pupils are 60 mm apart."""
        return (self._read(key) - self.points) / self.unit

    @cached_property
    def pupils(self) -> dict[str, np.ndarray]:
        rows = self.painted("pupil")
        return {side: rows[self.points[rows, 0] * sign > 0] for side, sign in (("Left", 1), ("Right", -1))}

    @cached_property
    def unit(self) -> float:
        """A millimetre of such a head, m."""
        left, right = (self.points[self.pupils[side], 0].mean() for side in ("Left", "Right"))
        return (left - right) / 60

    @cached_property
    def places(self) -> np.ndarray:
        """The vertices (V, 3) from the middle between the pupils, in those millimetres."""
        middle = np.mean([self.points[rows].mean(axis=0) for rows in self.pupils.values()], axis=0)
        return (self.points - middle) / self.unit

    def part(self, name: str) -> np.ndarray:
        """The vertices (N,) of a part of the face."""
        side = next((word for word in ("Left", "Right") if name.endswith(word)), "")
        sign = {"Left": 1, "Right": -1, "": 0}[side]
        kind = name.removesuffix(side).strip()
        if kind == "pupil":
            return self.pupils[side]
        if kind == "tongue":
            rows = self._tongue()
            return rows[self.places[rows, 1] < self.places[rows, 1].min() + 6]
        if kind in ("corner", "upper lip", "lower lip"):
            return self._of_mouth(kind, sign)
        rows = self.painted("skin")
        x, y, z = (self.places[rows] * (sign or 1, 1, 1)).T
        lower = self.places[self.painted("lips"), 2].min()
        if kind in ("upper lid", "lower lid"):
            height = z if kind == "upper lid" else -z
            return rows[(abs(x - 30) < 6) & (height > 1) & (height < 9) & self._on_ball(rows, side)]
        boxes = {
            "inner brow": (abs(x - 14) < 6) & (abs(z - 22) < 6) & (y < 6),
            "outer brow": (abs(x - 40) < 6) & (abs(z - 22) < 6) & (y < 12),
            "below the eye": (abs(x - 33) < 9) & (abs(z + 26) < 6) & (y < 12),
            "cheek": (abs(x - 42) < 8) & (abs(z + 52) < 10) & (y < 30),
            "nostril": (x > 9) & (x < 20) & (abs(z + 36) < 8) & (y < 0),
            "chin": (abs(x) < 8) & (z < lower - 12) & (z > lower - 28) & (y < 10),
        }
        return rows[boxes[kind]]

    def _tongue(self) -> np.ndarray:
        """What is painted as the tongue and does not hang together with teeth, as gums do."""
        held = np.zeros(len(self.points), dtype=bool)
        held[self.painted("teeth")] = True
        count = 0
        while held.sum() > count:
            count = held.sum()
            held[self._edges[held[self._edges].any(axis=1)]] = True
        rows = self.painted("tongue")
        return rows[~held[rows]]

    def _on_ball(self, rows: np.ndarray, side: str) -> np.ndarray:
        """Which of some vertices lie close to an eyeball's front."""
        eye = self.painted("sclera", "iris", "pupil")
        eye = eye[self.places[eye, 0] * {"Left": 1, "Right": -1}[side] > 0]
        front = self.places[eye, 1].min()
        radius = np.ptp(self.places[eye, 2]) / 2
        middle = self.places[self.pupils[side]].mean(axis=0)
        middle[1] = front + radius
        far = np.linalg.norm(self.places[rows] - middle, axis=1)
        return (far < radius + 4) & (self.places[rows, 1] < middle[1])

    def _of_mouth(self, kind: str, sign: int) -> np.ndarray:
        """Of the lips that one sees, those at a corner, or the half above or below the corners."""
        rows = self.painted("lips")
        rows = rows[self.places[rows, 2] < -40]  # the eyes' sockets may have the lips' colour
        rows = rows[self.places[rows, 1] < np.median(self.places[rows, 1])]
        x, _, z = self.places[rows].T
        if kind == "corner":
            rows = self.painted("lips")
            rows = rows[self.places[rows, 2] < -40]
            x = self.places[rows, 0] * sign
            return rows[x > x.max() - 2.5]
        middle = np.median(z)
        half = z > middle if kind == "upper lip" else z < middle
        return rows[half & (abs(x) < 6 if not sign else (x * sign > 5) & (x * sign < 14))]
