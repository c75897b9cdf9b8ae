"""An actor's head: skin with lips and brows, eyes that look, teeth, tongue, lashes, hair; numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from . import sheet
from .dress import SLOT, Body, collar
from .sheet import Sheet

#: Half angles of pupil and iris as the eye's middle sees them, degrees.
_PUPIL, _IRIS = 11.5, 26.0
_EYE_RINGS = (_PUPIL / 2, _PUPIL, 19.0, _IRIS, 38.0, 55.0, 75.0, 95.0, 120.0)
_EYE_SIDES = 20
#: How far the left eye turns to his left and up, degrees; the data's own eyeballs turn outwards by 4 degrees only.
_GAZE = {"Out": (28.0, 0.0), "In": (-28.0, 0.0), "Up": (0.0, 20.0), "Down": (0.0, -24.0)}


@dataclass(frozen=True)
class Eyes:
    """middles: (2, 3) of the left and the right eyeball; radius: m."""

    middles: np.ndarray
    radius: float


def build(body: Body, masks: Mapping[str, np.ndarray], key_names: tuple[str, ...], hair: str, *, female: bool) -> Sheet:
    """The whole head with its keys. masks: pictures (H, W), 0..1, from the bottom, of the skin's regions by UV."""
    skin = body.sheet("body").painted(SLOT["skin"])
    uv = _vertex_uv(body)
    eyes = find_eyes(body)
    region = {name: _sample(mask, uv) for name, mask in masks.items()}
    near = (collar(body, skin.points) > -0.04 * body.size) & (body.arms(skin) < 0.4)
    near &= skin.points[:, 2] > body.fit.pose.rest.head("head")[2] - 0.25 * body.size
    wanted = near[skin.faces].all(axis=1)
    # The vertices' regions travel as one more key, so that cuts interpolate them.
    marks = np.zeros((1, len(skin.points), 3))
    for n, name in enumerate(("lips", "inside-mouth", "ears")):
        marks[0, :, n] = region.get(name, np.zeros(len(skin.points)))
    skin = replace(skin, keys=np.concatenate((skin.keys, marks)))
    skin = sheet.take(skin, wanted)
    # Below the collar the neck ends, so that it never shows through the cloth.
    skin = sheet.cut(skin, collar(body, skin.points) + 0.022 * body.size)
    bare = skin
    skin, lips, _ = sheet.split(skin, skin.keys[-1, :, 0] - 0.45)
    inside = (skin.keys[-1, :, 1] > 0.4)[skin.faces].all(axis=1)
    materials = np.where(lips, SLOT["lips"], SLOT["skin"])
    skin = replace(skin, materials=np.where(inside, SLOT["mouth"], materials))
    parts = [skin, *_brows(bare, eyes, female=female), *_hair(bare, body, eyes, hair)]
    parts = [replace(part, keys=part.keys[:-1]) for part in parts]
    for name, slot in (("helper-upper-teeth", "teeth"), ("helper-lower-teeth", "teeth"), ("helper-tongue", "tongue")):
        parts.append(body.sheet(name).painted(SLOT[slot]))
    for side in "lr":
        lashes = body.sheet(f"helper-{side}-eyelashes").painted(SLOT["lashes"])
        # The lower ones are as thick as the upper ones in the data, and look like paint below the eye.
        upper = lashes.points[lashes.faces, 2].mean(axis=1) > eyes.middles[:, 2].mean()
        parts.append(sheet.take(lashes, upper))
    parts += [_eye(body, f"helper-{side}-eye", eyes, key_names) for side in "lr"]
    if hair == "long":
        parts.append(_curtain(body, eyes, parts))
    return sheet.join(*parts)


def find_eyes(body: Body) -> Eyes:
    """Where the eyeballs are."""
    balls = [body.fit.vertices[body.source.cubes[f"helper-{side}-eye"]] for side in "lr"]
    radius = float(np.mean([np.ptp(ball[:, 2]) for ball in balls])) / 2
    middles = [np.array((*((ball.min(axis=0) + ball.max(axis=0)) / 2)[[0]], ball[:, 1].max() - radius,
                         (ball[:, 2].min() + ball[:, 2].max()) / 2)) for ball in balls]  # fmt: skip
    return Eyes(np.array(middles), radius)


def _vertex_uv(body: Body) -> np.ndarray:
    """UV (V, 2) of the skin's vertices in the order of body.sheet("body")."""
    chosen = body.source.faces_of("body")
    faces, uv = body.source.faces[chosen], body.source.uv[chosen]
    used, new = np.unique(faces, return_inverse=True)
    found = np.zeros((len(used), 2))
    found[new.reshape(-1)] = uv.reshape(-1, 2)
    return found


def _sample(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip((uv[:, 1] * height).astype(int), 0, height - 1)
    return mask[row, column]


def _brows(skin: Sheet, eyes: Eyes, *, female: bool) -> list[Sheet]:
    """Brows: strips of the skin above the eyes, a little raised."""
    unit = eyes.radius / 0.0138
    brows = []
    for sign, eye in zip((1.0, -1.0), eyes.middles, strict=True):
        part = sheet.take(skin, ((skin.points[:, 1] < eye[1] + 0.01) & (skin.points[:, 0] * sign > 0))[
            skin.faces].all(axis=1))  # fmt: skip

        def across(points: np.ndarray, sign: float = sign, eye: np.ndarray = eye) -> np.ndarray:
            return (points[:, 0] - eye[0]) * sign / unit

        part = sheet.cut(part, across(part.points) + 0.020)
        part = sheet.cut(part, 0.026 - across(part.points))
        for side in (1.0, -1.0):
            x = across(part.points)
            middle = eye[2] + unit * np.interp(x, (-0.02, 0.0, 0.012, 0.027), (0.0185, 0.0225, 0.0235, 0.0170))
            half = unit * np.interp(x, (-0.02, -0.012, 0.010, 0.027), (0.0018, 0.0036, 0.0028, 0.0006))
            half = half * (0.75 if female else 1.0)
            part = sheet.cut(part, (half - side * (part.points[:, 2] - middle)))
        if len(part.faces):
            points = part.points + sheet.normals(part.points, part.faces) * 0.0012
            brows.append(replace(part, points=points).painted(SLOT["brows"]))
    return brows


def _polar(points: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angle from the front, degrees, 0..180 on both sides, and height above the eyes, m."""
    way = points - middle
    return np.degrees(np.arctan2(np.abs(way[:, 0]), -way[:, 1])), way[:, 2]


#: Heights of the hairline above the eyes at angles from the front, metres.
_LINES = {
    "short": ((0, 30, 44, 51, 59, 66, 78, 87, 104, 116, 130, 150, 180),
              (0.067, 0.066, 0.058, 0.036, 0.024, -0.010, -0.018, 0.018, 0.018, -0.020, -0.048, -0.062, -0.064)),
    "crop": ((0, 30, 44, 51, 59, 67, 78, 87, 104, 116, 130, 150, 180),
             (0.070, 0.069, 0.062, 0.042, 0.030, 0.002, -0.006, 0.022, 0.022, -0.015, -0.040, -0.054, -0.056)),
    "long": ((0, 20, 40, 52, 60, 70, 80, 90, 104, 116, 130, 150, 180),
             (0.068, 0.066, 0.054, 0.030, 0.005, -0.030, -0.040, -0.020, 0.000, -0.020, -0.060, -0.080, -0.085)),
}  # fmt: skip
_THICK = {"short": (0.016, 0.009), "crop": (0.007, 0.005), "long": (0.017, 0.013)}


def _hair(skin: Sheet, body: Body, eyes: Eyes, style: str) -> list[Sheet]:
    """The scalp, cut along the hairline and lifted: most on the crown, least along its edge."""
    unit = eyes.radius / 0.0138
    head = body.fit.pose.head("head")
    middle = np.array((head[0], eyes.middles[:, 1].mean() + 0.085 * unit, eyes.middles[:, 2].mean()))
    part = sheet.take(skin, (skin.keys[-1, :, 2] < 0.3)[skin.faces].all(axis=1))
    lifted = sheet.smooth(part.points, part.faces, 2)
    angle, height = _polar(lifted, middle)
    field = height - unit * _line(style, angle)
    part = replace(part, points=lifted)
    part, inside, field = sheet.split(part, field)
    sides = sheet.take(replace(part, keys=np.concatenate((part.keys, np.repeat(field[None, :, None], 3, 2)))), inside)
    field = sides.keys[-1, :, 0]
    sides = replace(sides, keys=sides.keys[:-1])
    top, side = _THICK[style]
    _, height = _polar(sides.points, middle)
    ease = np.clip(field / (0.034 * unit), 0, 1)
    ease = ease * (2 - ease)
    crown = np.clip(height / (0.09 * unit), 0, 1)
    thick = unit * (0.0012 + ease * (side + (top - side) * crown))
    direction = sides.points - (middle + np.array((0.0, 0.0, 0.02)) * unit)
    direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    blend = 0.5 * direction + 0.5 * sheet.normals(sides.points, sides.faces)
    points = sides.points + blend * thick[:, None]
    raised = replace(sides, points=sheet.smooth(points, sides.faces, 2, 0.4))
    return [sheet.hem(raised, 0.003 * unit).painted(SLOT["hair"])]


def _line(style: str, angle: np.ndarray) -> np.ndarray:
    """The hairline's height, with rounded corners."""
    angles, heights = _LINES[style]
    return np.mean([np.interp(angle + s, angles, heights) for s in np.linspace(-5, 5, 9)], axis=0)


def _curtain(body: Body, eyes: Eyes, parts: list[Sheet]) -> Sheet:
    """Long hair: from above the ears down to the jaw, round the back of the head, over both ears."""
    unit = eyes.radius / 0.0138
    head = body.fit.pose.head("head")
    middle = np.array((head[0], eyes.middles[:, 1].mean() + 0.085 * unit, eyes.middles[:, 2].mean()))
    cap = next(part for part in parts if (part.materials == SLOT["hair"]).all())
    way = cap.points - middle
    around = np.degrees(np.arctan2(way[:, 0], way[:, 1]))  # 0 at the back
    radius = np.linalg.norm(way[:, :2], axis=1)
    heights = np.array((0.062, 0.045, 0.025, 0.0, -0.025, -0.05, -0.075, -0.098, -0.118, -0.13)) * unit
    columns = np.linspace(-126, 126, 37)
    outer = np.empty((len(heights), len(columns)))
    for n, level in enumerate(heights):
        high = max(level, 0.025 * unit)
        for m, angle in enumerate(columns):
            close = (np.abs(way[:, 2] - high) < 0.016 * unit) & (np.abs((around - angle + 180) % 360 - 180) < 14)
            outer[n, m] = radius[close].max() if close.any() else np.nan
    row = np.nanmean(outer, axis=0)
    outer = np.where(np.isnan(outer), np.where(np.isnan(row), np.nanmean(row), row), outer)
    kernel = np.array((1, 2, 3, 2, 1)) / 9
    outer = np.stack([np.convolve(np.pad(r, 2, mode="edge"), kernel, "valid") for r in outer])
    swell = np.interp(heights / unit, (-0.13, -0.10, -0.04, 0.0, 0.03, 0.062),
                      (-0.006, 0.003, 0.007, 0.005, -0.001, -0.011)) * unit  # fmt: skip
    outer = outer + swell[:, None]
    # The ends fall a little shorter to the front, and the front edge is rounded.
    turn = np.radians(columns)
    front = np.abs(columns) / 126
    drop = heights[:, None] * np.where(heights[:, None] < 0, 1 - 0.10 * front**4, 1.0)

    def ring(values: np.ndarray) -> np.ndarray:
        return np.stack((values * np.sin(turn), values * np.cos(turn), drop), axis=-1) + middle

    inner = outer - 0.016 * unit
    rows, count = outer.shape
    points = np.concatenate((ring(outer), ring(inner)[::-1]))
    grid = np.arange(len(points) * count).reshape(len(points), count)
    a, b = grid[:-1, :-1].ravel(), grid[:-1, 1:].ravel()
    c, d = grid[1:, 1:].ravel(), grid[1:, :-1].ravel()
    faces = [np.stack((a, d, c, b), axis=1)]
    for column, flip in ((0, False), (count - 1, True)):
        for n in range(rows - 1):
            quad = [grid[n, column], grid[-1 - n, column], grid[-2 - n, column], grid[n + 1, column]]
            faces.append(np.array([quad[::-1] if flip else quad]))
    points = points.reshape(-1, 3)
    weights = np.zeros((len(points), body.fit.weights.shape[1]))
    weights[:, body.fit.pose.rest.roles["head"]] = 1.0
    found = np.concatenate(faces)
    keys = np.zeros((len(cap.keys), len(points), 3))
    return Sheet(points, found, np.full(len(found), SLOT["hair"]), weights, keys)


def _eye(body: Body, group: str, eyes: Eyes, names: tuple[str, ...]) -> Sheet:
    """An eyeball with iris and pupil, turned by the eyeLook keys; names: of all keys."""
    middle = eyes.middles[0 if "-l-" in group else 1]
    data = body.sheet(group)
    turns = np.arange(_EYE_SIDES) * (2 * np.pi / _EYE_SIDES)
    rings = []
    for ring in np.radians(_EYE_RINGS):
        # The cornea stands out, the iris lies flat below it.
        bulge = 1.0 + 0.035 * np.cos(ring * 2.2) * (ring < 0.7)
        rings.append(np.stack((np.sin(ring) * np.cos(turns), np.full(_EYE_SIDES, -np.cos(ring)),
                               np.sin(ring) * np.sin(turns)), axis=1) * bulge)  # fmt: skip
    points = np.concatenate((*rings, [(0.0, -1.035, 0.0)])) * eyes.radius * 0.985
    row = np.arange(_EYE_SIDES)
    after = np.roll(row, -1)
    pole = np.full(_EYE_SIDES, len(points) - 1)
    faces = [np.stack((pole, row, after, after), axis=1)]
    materials = [np.full(_EYE_SIDES, SLOT["pupil"])]
    for n, ring in enumerate(_EYE_RINGS[1:]):
        base = n * _EYE_SIDES
        faces.append(np.stack((base + row, base + _EYE_SIDES + row, base + _EYE_SIDES + after, base + after), axis=1))
        name = "pupil" if ring <= _PUPIL else "iris" if ring <= _IRIS else "sclera"
        materials.append(np.full(_EYE_SIDES, SLOT[name]))
    keys = np.zeros((len(data.keys), len(points), 3))
    side = "Left" if "-l-" in group else "Right"
    for gaze, (across, up) in _GAZE.items():
        # In and out change sides with the eye.
        angle = np.radians(across if side == "Left" else -across)
        rise = np.radians(up)
        c, s, d, e = np.cos(angle), np.sin(angle), np.cos(rise), np.sin(rise)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, d, e], [0, -e, d]])
        keys[names.index(f"eyeLook{gaze}{side}")] = points @ turn.T - points
    weights = np.zeros((len(points), data.weights.shape[1]))
    weights[:, body.fit.pose.rest.roles["head"]] = 1.0
    return Sheet(points + middle, np.concatenate(faces), np.concatenate(materials), weights, keys)
