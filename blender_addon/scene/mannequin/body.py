"""The mannequin's body for any skeleton: shirt, trousers, shoes, neck and hands with skin weights; numpy alone.

Each garment is a solid of its own, modelled as a distance field in the modelling pose (see model_pose) and
meshed by a surface net: limbs grow out of the trunk without a seam, and hems are edges of a shape instead of
borders between colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...dataset.rest_pose import RestPose
from ..implicit import ellipsoid, intersect, mesh, smooth_curve, smoothstep, tube, union
from ..model_pose import model_pose, tip
from . import hand as hands
from . import weights as shares
from .measures import Measures, arm_line, leg_line, measure

TOP, LEGS, SHOES, SOLES, SKIN = range(5)
#: What the material indices of a body's faces mean.
MATERIALS = ("top", "legs", "shoes", "soles", "skin")


@dataclass(frozen=True)
class Body:
    """vertices (V, 3) m in the rest pose; faces (F, 4), a triangle repeats its last corner; materials (F,);
    weights {joint: (vertices, weights)}."""

    vertices: np.ndarray
    faces: np.ndarray
    materials: np.ndarray
    weights: dict[int, tuple[np.ndarray, np.ndarray]]


def build(rest: RestPose, *, female: bool = False) -> Body:
    """A clothed body without a head for a rest pose. Weights of a vertex sum to 1."""
    body = measure(model_pose(rest), female)
    return join(body, parts(body))


def parts(body: Measures) -> list[tuple]:
    """The pieces in the modelling pose: (vertices (V, 3) m, faces (F, 4), weights (V, J), material) each.

    Of the skins the neck comes first, then the hands; every shoe is followed by its sole; left before right.
    """
    pieces = [_top(body), _legs(body), _neck(body)]
    for side in "LR":
        if f"hand.{side}" in body.pose.rest.roles:
            hand = hands.build(body.pose, side, body.size * (0.95 if body.female else 1.0))
            pieces.append((*hand, SKIN))
        if f"foot.{side}" in body.pose.rest.roles:
            pieces += _shoe(body, side)
    return pieces


def join(body: Measures, pieces: Sequence[tuple]) -> Body:
    """The pieces (see `parts`) as one body in the rest pose."""
    vertices, faces, materials, weights = [], [], [], []
    start = 0
    for part_vertices, part_faces, part_weights, material in pieces:
        vertices.append(part_vertices)
        faces.append(part_faces + start)
        materials.append(np.full(len(part_faces), material, dtype=np.int32))
        weights.append(part_weights)
        start += len(part_vertices)
    matrix = shares.tidy(np.concatenate(weights))
    return Body(
        body.pose.to_rest(np.concatenate(vertices), matrix),
        np.concatenate(faces).astype(np.int32),
        np.concatenate(materials),
        by_joint(matrix),
    )


def by_joint(matrix: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Weights (V, J) as {joint: (vertices, weights)}, without the joints that move nothing."""
    joints = np.flatnonzero(matrix.any(axis=0)).tolist()
    return {j: (np.flatnonzero(matrix[:, j]), matrix[matrix[:, j] > 0, j]) for j in joints}


def _trunk(body: Measures) -> Callable[[np.ndarray], np.ndarray]:
    """The trunk from the crotch to the collar, without limbs: elliptic sections along the spine."""
    roles = body.pose.rest.roles
    reach = [abs(body.pose.head(f"upper_arm.{s}")[0] - body.spine[-1, 0]) for s in "LR" if f"upper_arm.{s}" in roles]
    stance = [abs(body.pose.head(f"thigh.{s}")[0] - body.spine[0, 0]) for s in "LR" if f"thigh.{s}" in roles]
    chest = (np.mean(reach) / 0.175 if reach else body.size) * 0.5 + 0.5 * body.size
    hips = np.clip(np.mean(stance) / 0.1 if stance else body.size, 0.93 * body.size, 1.08 * body.size)
    #         place  half width (m) female  depth   female  back-front shift
    rows = [(-0.25, 0.148 * hips, 0.150 * hips, 0.108, 0.106, 0.000),
            (-0.08, 0.158 * hips, 0.164 * hips, 0.116, 0.114, 0.002),
            (0.08, 0.156 * hips, 0.162 * hips, 0.114, 0.110, -0.003),
            (0.22, 0.146 * hips, 0.142 * hips, 0.105, 0.098, -0.012),
            (0.37, 0.142 * chest, 0.125 * chest, 0.103, 0.092, -0.020),
            (0.55, 0.156 * chest, 0.138 * chest, 0.114, 0.100, -0.026),
            (0.72, 0.170 * chest, 0.150 * chest, 0.122, 0.106, -0.026),
            (0.85, 0.160 * chest, 0.143 * chest, 0.108, 0.096, -0.016),
            (0.96, 0.112 * chest, 0.100 * chest, 0.078, 0.070, -0.004),
            (1.06, 0.066 * body.size, 0.058 * body.size, 0.064, 0.058, 0.004),
            (1.25, 0.050 * body.size, 0.045 * body.size, 0.050, 0.045, 0.000)]  # fmt: skip
    places, male_width, female_width, male_depth, female_depth, shift = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    heights = body.hips + places * (body.neck - body.hips)
    width = smooth_curve(heights, female_width if body.female else male_width, 1.2)
    depth = smooth_curve(heights, (female_depth if body.female else male_depth) * body.size, 1.2)
    forth = smooth_curve(heights, shift * body.size, 1.2)

    def field(points: np.ndarray) -> np.ndarray:
        height = points[:, 2]
        middle_x = np.interp(height, body.spine[:, 2], body.spine[:, 0])
        middle_y = np.interp(height, body.spine[:, 2], body.spine[:, 1]) + forth(height)
        half_width, half_depth = width(height), depth(height)
        across = np.abs((points[:, 0] - middle_x) / half_width)
        along_y = np.abs((points[:, 1] - middle_y) / half_depth)
        # An exponent a little above 2 gives a chest flat sides where the arms hang.
        ring = (across**2.3 + along_y**2.3) ** (1 / 2.3)
        value = (ring - 1.0) * np.minimum(half_width, half_depth)
        if body.female:
            chest_z = body.hips + 0.66 * (body.neck - body.hips)
            centre_y = np.interp(chest_z, body.spine[:, 2], body.spine[:, 1]) + forth(chest_z) - 0.078 * body.size
            for side in (-1.0, 1.0):
                centre = (side * 0.068 * body.size, centre_y, chest_z)
                value = union(value, ellipsoid(points, centre, np.array((0.056, 0.046, 0.056)) * body.size), 0.05)
        return value

    return field


def _top(body: Measures) -> tuple:
    """A jumper with long sleeves."""
    size, slim = body.size, 0.86 if body.female else 1.0
    trunk = _trunk(body)
    arms = {side: line for side in "LR" if (line := arm_line(body.pose, side)) is not None}
    stations = np.array((0.0, 0.22, 0.5, 0.8, 1.0, 1.25, 1.6, 2.0))
    radii = np.array((0.047, 0.055, 0.051, 0.046, 0.044, 0.045, 0.040, 0.035)) * size * slim
    hem = body.hips - 0.01 * size
    collar = body.spine[-1] + np.array((0.0, 0.0, 0.046)) * size
    thighs = _thighs(body)

    def arm(points: np.ndarray, line: np.ndarray) -> np.ndarray:
        axis = line[2] - line[1]
        axis = axis / np.linalg.norm(axis)
        cuff = (points - line[2]) @ axis + 0.012 * size
        return intersect(tube(points, line, stations, radii), cuff, 0.014 * size)

    def yoke(points: np.ndarray) -> np.ndarray:
        value = trunk(points)
        for line in arms.values():
            root = body.spine[-1] + np.array((0.0, 0.006, 0.004)) * size
            end = line[0] + (root - line[0]) * 0.12
            slope = tube(points, np.array((root, end)), np.array((0.0, 1.0)), np.array((0.052, 0.045)) * size * slim)
            value = union(value, slope, 0.06 * size)
        return value

    def whole(points: np.ndarray) -> np.ndarray:
        value = union(yoke(points), thighs(points) - 0.007 * size, 0.03 * size)
        for line in arms.values():
            value = union(value, arm(points, line), 0.045 * size)
        value = intersect(value, hem - points[:, 2], 0.016 * size)
        # The collar is cut by a plane that falls to the front.
        return intersect(value, (points - collar) @ np.array((0.0, 0.30, 0.954)), 0.008 * size)

    points = np.concatenate([body.spine, *arms.values()])
    low, high = points.min(axis=0) - 0.2 * size, points.max(axis=0) + 0.2 * size
    low[2] = min(hem, low[2] + 0.12 * size)
    vertices, faces = mesh(whole, low, high, 0.0205 * size)
    lines = {side: (line, lambda p, line=line: arm(p, line)) for side, line in arms.items()}
    return vertices, faces, shares.trunk(body, vertices, yoke, lines), TOP


def _thighs(body: Measures) -> Callable[[np.ndarray], np.ndarray]:
    """Both legs from the hips to the ankles."""
    size = body.size
    legs = [line for side in "LR" if (line := leg_line(body.pose, side)) is not None]
    stations = np.array((0.0, 0.3, 0.6, 0.9, 1.0, 1.25, 1.6, 2.0))
    male = (0.083, 0.083, 0.074, 0.061, 0.060, 0.061, 0.056, 0.053)
    female = (0.084, 0.083, 0.072, 0.058, 0.056, 0.057, 0.050, 0.047)
    radii = np.array(female if body.female else male) * size

    def field(points: np.ndarray) -> np.ndarray:
        value = np.full(len(points), 1.0)
        for line in legs:
            # Calves stand out to the back.
            shifted = points + _calf(points, line)[:, None] * np.array((0.0, -0.010 * size, 0.0))
            leg = tube(shifted, line, stations, radii)
            axis = (line[2] - line[1]) / np.linalg.norm(line[2] - line[1])
            leg = intersect(leg, (points - line[2]) @ axis - 0.004 * size, 0.010 * size)
            value = union(value, leg, 0.035 * size)
        return value

    return field


def _legs(body: Measures) -> tuple:
    """Trousers."""
    size = body.size
    trunk, thighs = _trunk(body), _thighs(body)
    waist = body.hips + 0.12 * size

    def whole(points: np.ndarray) -> np.ndarray:
        pelvis = intersect(trunk(points) + 0.010 * size, (body.hips - 0.075 * size) - points[:, 2], 0.06 * size)
        return intersect(union(pelvis, thighs(points), 0.035 * size), points[:, 2] - waist, 0.01 * size)

    legs = [line for side in "LR" if (line := leg_line(body.pose, side)) is not None]
    points = np.concatenate([body.spine[:1], *legs])
    low, high = points.min(axis=0) - 0.17 * size, points.max(axis=0) + 0.17 * size
    low[2] += 0.12 * size
    vertices, faces = mesh(whole, low, high, 0.0235 * size)
    return vertices, faces, shares.lower(body, vertices), LEGS


def _calf(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """0 at the knee and the ankle, 1 in the calf between."""
    part = (line[1, 2] - points[:, 2]) / max(line[1, 2] - line[2, 2], 1e-6)
    return np.clip(part, 0.0, 1.0) * np.clip(1.0 - part, 0.0, 1.0) * 3.0


def _neck(body: Measures) -> tuple:
    """The neck, from within the collar up into the head."""
    size = body.size
    bottom, top = body.spine[-1], body.pose.head("head")
    line = np.array(
        (bottom - (0, 0, 0.06 * size), bottom, top - (0, 0, 0.02 * size), top + np.array((0, 0.004, 0.02)) * size)
    )
    radii = np.array((0.066, 0.057, 0.050, 0.038)) * size * (0.88 if body.female else 1.0)
    angles = np.linspace(0.0, 2 * np.pi, 25)[:-1]
    places = np.linspace(0.0, 3.0, 12)
    centres = np.stack([np.interp(places, range(4), line[:, n]) for n in range(3)], axis=1)
    radius = smooth_curve(range(4), radii)(places)
    ring = np.stack((np.cos(angles), np.sin(angles) * 1.05, np.zeros_like(angles)), axis=1)
    vertices = (centres[:, None] + radius[:, None, None] * ring).reshape(-1, 3)
    faces = [_grid(len(places), len(angles))]
    row = np.arange(len(angles))
    for start, order in ((0, -1), (len(vertices) - len(angles), 1)):
        rim = start + row[::order]
        after = np.roll(rim, -1)
        faces.append(np.stack((np.full_like(rim, len(vertices)), rim, after, after), axis=1))
        vertices = np.vstack((vertices, vertices[rim].mean(axis=0)))
    return vertices, np.concatenate(faces), shares.neck(body, vertices), SKIN


def _grid(rings: int, count: int) -> np.ndarray:
    """Quads (Q, 4) of a tube of rings, each `count` vertices counter-clockwise from above, rings upwards."""
    row = np.arange(count)
    base = (np.arange(rings - 1) * count)[:, None]
    after = np.roll(row, -1)
    quads = np.stack((base + row, base + after, base + count + after, base + count + row), axis=-1)
    return quads.reshape(-1, 4)


def _shoe(body: Measures, side: str) -> list[tuple]:
    """A shoe and its sole."""
    pose, size = body.pose, body.size * (0.95 if body.female else 1.0)
    roles, foot = pose.rest.roles, pose.rest.roles[f"foot.{side}"]
    ankle = pose.heads[foot]
    # The floor as it lies under this foot, which the modelling pose may have lifted.
    floor = ankle[2] - pose.rest.heads[foot][2]
    toe = roles.get(f"toe.{side}")
    end = pose.moved(foot, pose.rest.heads[toe] if toe is not None else tip(pose.rest, foot, 0.13 * size))
    forth = (end - ankle) * (1.0, 1.0, 0.0)
    length = float(np.linalg.norm(forth))
    forth = forth / length if length > 0.03 * size else np.array((0.0, -1.0, 0.0))
    across = np.array((-forth[1], forth[0], 0.0))
    ball = length if toe is not None else length * 0.72
    ball = float(np.clip(ball, 0.10 * size, 0.20 * size))
    ground = np.array((ankle[0], ankle[1], floor))

    def place(front: float, up: float, aside: float = 0.0) -> np.ndarray:
        return ground + forth * front + across * aside + (0.0, 0.0, up)

    lift = min(ankle[2] - floor, 0.11 * size)
    line = np.array((place(-0.028 * size, 0.040 * size), place(ball * 0.45, 0.046 * size),
                     place(ball, 0.032 * size), place(ball + 0.052 * size, 0.024 * size)))  # fmt: skip
    stations, radii = np.arange(4.0), np.array((0.040, 0.041, 0.046, 0.034)) * size
    shaft = np.array((place(-0.010 * size, 0.03 * size), place(-0.006 * size, lift + 0.045 * size)))

    def upper(points: np.ndarray) -> np.ndarray:
        value = tube(points, line, stations, radii)
        leg = tube(points, shaft, np.array((0.0, 1.0)), np.array((0.042, 0.040)) * size)
        value = union(value, leg, 0.03 * size)
        # Flatter than wide in front.
        front = smoothstep(ball * 0.2, ball, (points - ground) @ forth)
        value = intersect(value, (points[:, 2] - floor) - (0.13 - 0.078 * front) * size, 0.03 * size)
        return intersect(value, floor + 0.012 * size - points[:, 2], 0.01 * size)

    def sole(points: np.ndarray) -> np.ndarray:
        flat = points.copy()
        flat[:, 2] = np.interp((points - ground) @ forth, (-0.03 * size, ball), (line[0, 2], line[2, 2]))
        outline = tube(flat, line, stations, radii + 0.004 * size)
        height = points[:, 2] - floor
        return intersect(outline, np.maximum(height - 0.022 * size, -height), 0.006 * size)

    low = np.minimum(line.min(axis=0), shaft.min(axis=0)) - 0.06 * size
    high = np.maximum(line.max(axis=0), shaft.max(axis=0)) + 0.06 * size
    low[2] = floor
    pieces = []
    for field, step, material in ((upper, 0.0145, SHOES), (sole, 0.0135, SOLES)):
        vertices, faces = mesh(field, low, high, step * size)
        weights = np.zeros((len(vertices), len(pose.heads)))
        share = smoothstep(-0.022 * size, 0.022 * size, (vertices - ground) @ forth - ball) if toe is not None else 0.0
        weights[:, foot] = 1.0 - share
        if toe is not None:
            weights[:, toe] = share
        pieces.append((vertices, faces, weights, material))
    return pieces
