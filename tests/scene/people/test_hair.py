"""Every style of hair lies on its head: it keeps off the face, whatever that does, and no strand of it floats."""

from dataclasses import dataclass

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.dataset import makehuman as source  # noqa: E402
from blender_addon.dataset import rest_pose  # noqa: E402
from blender_addon.scene.looks import LOOKS  # noqa: E402
from blender_addon.scene.people import actor, eyes, face, hair, shape, sheet, surface  # noqa: E402
from blender_addon.scene.people.dress import FACE, SLOT  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene.test_mannequin import interact_like  # noqa: E402

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")

#: One actor of each style.
WORN = {
    "short": "001", "bob": "002", "crop": "003", "forward": "005", "ponytail": "006", "bun": "007", "receding": "008",
}  # fmt: skip


@dataclass(frozen=True)
class Worn:
    """style; hair: (V, 3) in head space; off: (K + 1, V) m, how far it is outside the skin, at rest and with each key
    at 1; parts: its sheet; head: the sheet of all that it is worn on."""

    style: str
    hair: np.ndarray
    off: np.ndarray
    parts: sheet.Sheet
    head: sheet.Sheet


@pytest.fixture(scope="module", params=WORN)
def worn(request):
    who = WORN[request.param]
    body, style = actor.fitted(source.read(DATA), who, rest_pose.stand(interact_like()), female=LOOKS[who].female)
    assert style == request.param
    names = tuple(source.face_keys(body.source))
    head, parts = face.build(body, actor.masks(body.source.folder), names, style, female=LOOKS[who].female)
    space = hair.Head.of(body, eyes.find(body))
    skin = sheet.take(head, np.isin(head.materials, [SLOT[name] for name in FACE]))
    corners, shares = surface.closest(parts.points, skin.points, skin.faces)
    places = np.einsum("nk,nkx->nx", shares, skin.points[corners])
    normals = np.einsum("nk,nkx->nx", shares, sheet.normals(skin.points, skin.faces)[corners])
    offsets = np.concatenate((np.zeros((1, *skin.points.shape)), skin.keys))
    moved = np.einsum("nk,ankx->anx", shares, offsets[:, corners])
    off = ((parts.points - places - moved) * normals).sum(axis=2)
    return Worn(style, space.inside(parts.points), off, parts, head)


def test_each_style_has_an_actor():
    assert set(WORN) == {*shape.MENS_HAIR, *shape.WOMENS_HAIR}


def test_none_is_in_front_of_the_face(worn):
    x, y, z = worn.hair.T
    before = (y < -0.03) & (np.abs(x) < 0.05)
    assert before.any()
    assert z[before].min() > 0.045  # the brows end 27 mm above the eyes
    aside = (y < -0.055) & (z < 0.025)
    assert (np.abs(x[aside]) > 0.068).all()  # beyond the corners of the eyes


def test_no_key_moves_the_face_through_it(worn):
    x, y, z = worn.hair.T
    # Inside the head a parting's hair has its roots; the knot's lies in its cover.
    beside = (np.abs(x) > 0.055) & (z < 0.06)
    assert worn.off[:, beside].min() > -0.0030
    hairline = (y < -0.05) & (worn.off[0] < 0.004) & (worn.off[0] > -0.002)
    assert hairline.sum() > 50
    assert worn.off[:, hairline].min() > -0.0030


def test_no_strand_floats_beside_the_temples_or_above_the_forehead(worn):
    x, y, z = worn.hair.T
    if worn.style == "bob":  # it hangs beside them
        temples = (y < 0.0) & (z > 0.02) & (z < 0.05)
        assert worn.off[0, temples].max() < 0.025
        return
    temples = (y < 0.02) & (z < 0.04)
    assert temples.sum() > 100
    assert worn.off[0, temples].max() < 0.012
    front = (y < -0.05) & (np.abs(x) < 0.04)
    line = front & (z < z[front].min() + 0.008)
    assert worn.off[0, line].max() < 0.012


def test_its_roots_are_in_the_skin_all_along_the_hairline(worn):
    roots = np.unique(worn.parts.faces[worn.parts.materials == SLOT["hair root"]])
    roots = np.intersect1d(roots, sheet.rim_edges(worn.parts.faces))
    assert len(roots) > 80
    turns = np.degrees(np.arctan2(worn.hair[roots, 0], -worn.hair[roots, 1]))
    assert (np.histogram(turns, 24, (-180, 180))[0] > 0).all()
    assert np.abs(worn.off[0, roots]).max() < 0.002


def test_its_strands_look_outwards(worn):
    shades = [SLOT[name] for name in ("hair", "hair light", "hair dark", "hair edge", "hair root")]
    faces = worn.parts.faces[np.isin(worn.parts.materials, shades)]
    corners = worn.hair[faces]
    ways = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    middles = corners.mean(axis=1)
    crown = (middles[:, 2] > 0.05) & (middles[:, 1] < 0.0)  # a bun behind it looks all ways
    assert ((ways * middles).sum(axis=1)[crown] > 0).mean() > 0.93


def test_the_brows_go_with_the_skin_below_them(worn):
    brows = np.unique(worn.head.faces[np.isin(worn.head.materials, (SLOT["brows"], SLOT["brow edge"]))])
    skin = sheet.take(worn.head, np.isin(worn.head.materials, [SLOT[name] for name in FACE]))
    corners, shares = surface.closest(worn.head.points[brows], skin.points, skin.faces)
    normals = np.einsum("nk,nkx->nx", shares, sheet.normals(skin.points, skin.faces)[corners])
    for key, of_skin in zip((0.0 * worn.head.keys[0], *worn.head.keys), (0.0 * skin.keys[0], *skin.keys), strict=True):
        place = np.einsum("nk,nkx->nx", shares, (skin.points + of_skin)[corners])
        above = ((worn.head.points[brows] + key[brows] - place) * normals).sum(axis=1)
        assert above.min() > 0.0
        assert above.max() < 0.004
