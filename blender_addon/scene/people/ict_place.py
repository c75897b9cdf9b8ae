"""An actor's ICT head put on his body: eyes on eyes, in the body's size, the neck drawn onto his; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dataset import ict
from ...dataset.blendshapes import ARKIT_NAMES
from . import eyes as eyeballs
from . import sheet, surface
from .dress import Body, collar
from .eyes import Eyes
from .sheet import Sheet

#: Lines on the side of an average head that begin below the chin: how far behind it, and there how high above the
#: eyes, m. Below the first the skin is drawn onto the body's, below the second it bends with the body's.
_NECK = ((0.115,), (-0.050,))
_BENT = ((0.030, 0.115), (-0.050, -0.015))
#: In the middle of a neck left and right are as near, and rounding would choose: m that choose instead.
_LEFT = np.array((1e-7, 0.0, 0.0))


@dataclass(frozen=True)
class Placed:
    """skin: the whole ICT surface on the body, in the order of its vertices, with the keys asked for; eyes: its
    eyeballs; scale: metres of the body a unit of the template; border: how far each vertex is from where the neck may
    end, m (V,), negative below."""

    skin: Sheet
    eyes: Eyes
    scale: float
    border: np.ndarray


def place(body: Body, head: ict.Head, keys: int) -> Placed:
    """Put a head on a body. keys: how many the sheet gets; those after ARKit's do not move the skin."""
    own = axes(head.vertices)
    found = sockets(own)
    middles, radius = found.middles, found.radius
    theirs = eyeballs.find(body)
    scale = _scale(body, theirs, own, middles, part_border(head.faces, "mouth"))
    shift = theirs.middles.mean(axis=0) - scale * middles.mean(axis=0)
    points = own * scale + shift
    offsets = np.zeros((keys, len(points), 3))
    offsets[: len(head.keys)] = axes(head.keys) * scale
    eyes = Eyes(middles * scale + shift, radius * scale)
    chin = _chin(points, offsets, eyes)
    points, offsets, weights = _joined(body, points, head.faces, offsets, eyes, chin)
    skin = Sheet(points, head.faces, np.zeros(len(head.faces), dtype=np.int64), weights, offsets)
    return Placed(skin, eyes, scale, _border(body, points, chin))


def part_border(faces: np.ndarray, part: str) -> np.ndarray:
    """The vertices around a part of the ICT surface, which belong to its neighbours."""
    inside = np.isin(faces, list(ict.PARTS[part]))
    crossed = inside.any(axis=1) & ~inside.all(axis=1)
    return np.unique(faces[crossed][~inside[crossed]])


def axes(points: np.ndarray) -> np.ndarray:
    """Points (..., 3) or offsets of ICT's axes in Blender's; the unit stays."""
    return np.stack((points[..., 0], -points[..., 2], points[..., 1]), axis=-1).astype(float)


def sockets(points: np.ndarray) -> Eyes:
    """The eyeballs that an ICT surface's sockets, vertices (V, 3), are made for."""
    balls = [_ball(points[list(ict.PARTS[f"{side} socket"])]) for side in ("left", "right")]
    return Eyes(np.array([ball[0] for ball in balls]), float(np.mean([ball[1] for ball in balls])))


def _ball(socket: np.ndarray) -> tuple[np.ndarray, float]:
    """The eyeball in a socket, which is a part of a sphere round it: middle and radius, by least squares."""
    table = np.concatenate((2 * socket, np.ones((len(socket), 1))), axis=1)
    found = np.linalg.lstsq(table, (socket**2).sum(axis=1), rcond=None)[0]
    return found[:3], float(np.sqrt(found[3] + found[:3] @ found[:3]))


def _scale(body: Body, theirs: Eyes, own: np.ndarray, middles: np.ndarray, mouth: np.ndarray) -> float:
    """From the head's unit to the body's metres, by the distance of the eyes and that from crown to mouth."""
    between = np.ptp(theirs.middles[:, 0]) / np.ptp(middles[:, 0])
    vertices, groups = body.fit.vertices, body.source.cubes
    bite = (vertices[groups["helper-upper-teeth"], 2].min() + vertices[groups["helper-lower-teeth"], 2].max()) / 2
    high = (vertices[groups["body"], 2].max() - bite) / (own[:, 2].max() - own[mouth, 2].mean())
    return float(between + high) / 2


def _chin(points: np.ndarray, offsets: np.ndarray, eyes: Eyes) -> np.ndarray:
    """The lowest place of the chin (3,): of the front of what the opening jaw moves most."""
    moved = -offsets[ARKIT_NAMES.index("jawOpen"), :, 2]
    jaw = np.flatnonzero((moved > 0.6 * moved.max()) & (points[:, 1] < eyes.middles[:, 1].mean()))
    return points[jaw[np.argmin(points[jaw, 2])]]


def _joined(
    body: Body, points: np.ndarray, faces: np.ndarray, offsets: np.ndarray, eyes: Eyes, chin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The neck drawn onto the body's, wholly where the collar is and not at all at the jaw: points, offsets, and the
    weights (V, J) that go with it."""
    share = _below(body, points, eyes, chin, _NECK)
    bent = np.maximum(share, _below(body, points, eyes, chin, _BENT))
    skin = body.sheet("body")
    neck = np.flatnonzero(bent > 0)
    low, high = points[neck, 2].min() - 0.04 * body.size, points[neck, 2].max() + 0.04 * body.size
    near = (skin.points[:, 2] > low) & (skin.points[:, 2] < high) & (body.arms(skin) < 0.9)
    corners, parts = surface.closest(points[neck] + _LEFT, skin.points, skin.faces[near[skin.faces].all(axis=1)])
    there = np.einsum("nk,nkx->nx", parts, skin.points[corners])
    along = share[neck, None]
    points = points.copy()
    points[neck] += along * (there - points[neck])
    # Where the body is hollow, places nearest to neighbours lie on each other and fold.
    points = sheet.smooth(points, faces, 5, 0.5 * share)
    weights = np.zeros((len(points), skin.weights.shape[1]))
    weights[:, body.fit.pose.rest.roles["head"]] = 1.0
    # Skull and jaw keep their form and hang on the body's joints already: a neck bends up to them.
    most = bent[neck, None]
    weights[neck] = (1 - most) * weights[neck] + most * np.einsum("nk,nkj->nj", parts, skin.weights[corners])
    return points, offsets * (1 - share)[:, None], weights


def _below(body: Body, points: np.ndarray, eyes: Eyes, chin: np.ndarray, line: tuple) -> np.ndarray:
    """0 above a line from below the chin to the nape, 1 some way below it (V,). line: see _NECK."""
    unit = body.fit.head_scale
    front = body.head("head")[1] - 0.055 * unit
    places, heights = (unit * np.array(values) for values in line)
    heights = np.concatenate(([chin[2] - 0.010 * unit], eyes.middles[:, 2].mean() + heights))
    height = np.interp(points[:, 1], front + np.concatenate(([0.0], places)), heights)
    share = np.clip((height - points[:, 2]) / (0.045 * unit), 0, 1)
    # The mouth's bag reaches far back, and is the skull's and the jaw's all the same.
    share[list(ict.PARTS["mouth"])] = 0.0
    return share * share * (3 - 2 * share)


def _border(body: Body, points: np.ndarray, chin: np.ndarray) -> np.ndarray:
    """How far points are inside the line where the neck's skin ends below the collar; a low chin is not the neck."""
    unit = body.fit.head_scale
    jaw = np.minimum(points[:, 2] - chin[2] + 0.010 * unit, body.head("head")[1] - 0.030 * unit - points[:, 1])
    return np.maximum(collar(body, points), jaw) + 0.022 * body.size
