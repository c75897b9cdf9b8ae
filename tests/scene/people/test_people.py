"""The people: their joints are the capture's, their faces do what the keys say, their clothes cover them."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.dataset import makehuman as source  # noqa: E402
from blender_addon.dataset import rest_pose  # noqa: E402
from blender_addon.dataset.blendshapes import ARKIT_NAMES  # noqa: E402
from blender_addon.scene import looks  # noqa: E402
from blender_addon.scene.people import actor, dress, face, shades, shadow, sheet, surface  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene.test_mannequin import interact_like, sparse  # noqa: E402

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")


@pytest.fixture(scope="module", params=[False, True], ids=["male", "female"])
def body(request):
    rest = rest_pose.stand(interact_like())
    return actor.fitted(source.read(DATA), "002" if request.param else "001", rest, female=request.param)[0]


@pytest.fixture(scope="module")
def person():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    collection = bpy.data.collections.new("actor_001")
    bpy.context.scene.collection.children.link(collection)
    return actor.build("001", interact_like(), collection, gender="male", assets=DATA)


def head(name):
    mesh = bpy.data.objects["actor_001_head"].data
    basis = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    moved = basis.copy()
    mesh.shape_keys.key_blocks["Basis"].data.foreach_get("co", basis)
    mesh.shape_keys.key_blocks[name].data.foreach_get("co", moved)
    return basis.reshape(-1, 3), (moved - basis).reshape(-1, 3)


def test_the_bones_are_the_skeletons_and_the_names_are_the_mannequins(person):
    rest = rest_pose.stand(interact_like())
    heads = np.array([person.data.bones[name].head_local for name in rest.names])
    assert np.abs(heads - rest.heads).max() < 1e-5
    assert person["interact_actor"] == "001"
    for part in ("body", "head", "hair", "shadow"):
        assert bpy.data.objects[f"actor_001_{part}"].parent == person
    assert actor.ORIGIN_NAME in bpy.data.texts
    assert sum(len(o.data.vertices) for o in bpy.data.objects if o.type == "MESH") < 18_500


def test_a_skeleton_without_fingers_and_toes_has_a_whole_person_too():
    rest = rest_pose.stand(sparse())
    body = actor.fitted(source.read(DATA), "001", rest, female=False)[0]
    for side in "lr":
        hand, foot = (body.head(f"{role}.{side.upper()}") for role in ("hand", "foot"))
        finger, toe = (body.fit.vertices[body.source.cubes[f"joint-{side}-{name}"]].mean(axis=0)
                       for name in ("finger-3-4", "foot-2"))  # fmt: skip
        assert 0.12 < np.linalg.norm(finger - hand) < 0.22
        assert 0.10 < np.linalg.norm(toe - foot) < 0.25
        assert abs(toe[2]) < 0.05
    bpy.ops.wm.read_factory_settings(use_empty=True)
    built = actor.build("001", sparse(), bpy.context.scene.collection, assets=DATA)
    assert sorted(bone.name for bone in built.data.bones) == sorted(sparse().names)


@pytest.mark.parametrize("joint", ["hand", "foot"])
def test_the_skin_ends_where_the_captures_joints_are(body, joint):
    # The ring of the data's skin round a joint has its middle at the joint.
    cube = {"hand": "hand", "foot": "ankle"}[joint]
    for side in "LR":
        middle = body.fit.vertices[body.source.cubes[f"joint-{side.lower()}-{cube}"]].mean(axis=0)
        assert np.linalg.norm(middle - body.head(f"{joint}.{side}")) < 0.02


def test_weights_are_whole_and_an_armature_in_the_a_pose_shows_the_fitted_body(body):
    pose, weights = body.fit.pose, body.fit.weights
    used = np.unique(body.source.faces)
    assert np.allclose(weights[used].sum(axis=1), 1.0)
    rest = pose.to_rest(body.fit.vertices[used], weights[used])
    shifts = pose.heads - np.einsum("jab,jb->ja", pose.turns, pose.rest.heads)
    turns = (weights[used] @ pose.turns.reshape(-1, 9)).reshape(-1, 3, 3)
    back = np.einsum("vab,vb->va", turns, rest) + weights[used] @ shifts
    assert np.abs(back - body.fit.vertices[used]).max() < 1e-9


def test_every_key_is_there_and_moves_something(person):
    for name in (*ARKIT_NAMES, "tongueOut"):
        assert np.linalg.norm(head(name)[1], axis=1).max() > 0.0005, name


def test_hems_are_straight_and_the_jumper_lies_over_the_trousers(body):
    top, legs = dress.garments(body)[:2]
    assert abs(top.points[:, 2].min() - dress.hip_line(body)) < 0.012
    band = legs.points[(legs.points[:, 2] > dress.hip_line(body) + 0.01) & (body.arms(legs) < 0.1)]
    normals = sheet.normals(top.points, top.faces)
    for point in band[::5]:
        nearest = np.argmin(((top.points - point) ** 2).sum(axis=1))
        assert (point - top.points[nearest]) @ normals[nearest] < 0.002


def test_a_cut_follows_its_line_and_keeps_the_area():
    grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0), [0.0], indexing="ij"), axis=-1).reshape(-1, 3)
    faces = np.array([(4 * a + b, 4 * a + b + 4, 4 * a + b + 5, 4 * a + b + 1) for a in range(3) for b in range(3)])
    flat = sheet.Sheet(grid, faces, np.zeros(9, dtype=int), np.ones((16, 1)), np.zeros((0, 16, 3)))
    field = 1.3 - grid[:, 0] - 0.25 * grid[:, 1]

    def area(part):
        corners = part.points[part.faces]
        return np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1).sum() / 2

    inside, outside = sheet.cut(flat, field), sheet.cut(flat, -field)
    assert area(inside) + area(outside) == pytest.approx(9.0)
    assert (1.3 - inside.points[:, 0] - 0.25 * inside.points[:, 1]).min() > -1e-6


def test_a_smooth_band_round_the_neck_covers_the_jumpers_edge_and_keeps_off_the_skin(body):
    top = dress.garments(body)[0]
    band = sheet.take(top, top.materials == dress.SLOT["collar"])
    places = 52
    rings = band.points.reshape(-1, places, 3)
    steps = np.roll(rings, -1, axis=1) - rings
    along = steps / np.linalg.norm(steps, axis=2, keepdims=True)
    bends = np.degrees(np.arccos(np.clip((along * np.roll(along, 1, axis=1)).sum(axis=2), -1, 1)))
    assert bends.max() < 25  # 7 on an even circle
    skin = body.sheet("body")
    corners, shares = surface.closest(band.points, skin.points, skin.faces)
    normals = np.einsum("nk,nkx->nx", shares, sheet.normals(skin.points, skin.faces)[corners])
    place = np.einsum("nk,nkx->nx", shares, skin.points[corners])
    assert ((band.points - place) * normals).sum(axis=1).min() > 0.001
    cloth = sheet.take(top, top.materials == dress.SLOT["top"])
    rim = cloth.points[np.unique(sheet.rim_edges(cloth.faces))]
    rim = rim[np.abs(dress.collar(body, rim)) < 0.003]
    assert len(rim) > 20
    assert dress.collar(body, rings[4]).min() > dress.collar(body, rim).max()


def test_eyes_are_fixed_and_dark_skin_goes_with_brown_ones():
    shown = {who: shades.iris(who, look) for who, look in looks.LOOKS.items()}
    assert len(set(shown.values())) >= 5
    others = [looks.look_of(f"{n:03}") for n in range(20, 120)]
    irises = {f"{n:03}": shades.iris(f"{n:03}", look) for n, look in zip(range(20, 120), others, strict=True)}
    pairs = [(looks.LOOKS[who], iris) for who, iris in shown.items()]
    pairs += list(zip(others, irises.values(), strict=True))
    dark = [iris for look, iris in pairs if sum(look.skin) / 3 < 0.62]
    assert len(dark) > 20
    assert all(int(iris[:2], 16) > 1.4 * int(iris[4:], 16) for iris in dark)
    assert len(set(irises.values())) == 6


@pytest.mark.parametrize("name", ["001", "006"])
def test_what_casts_the_heads_shadow_lies_under_its_scalp(name):
    rest = rest_pose.stand(interact_like())
    body = actor.fitted(source.read(DATA), name, rest, female=looks.look_of(name).female)[0]
    clothes = sheet.join(*dress.garments(body))
    head, _ = face.build(body, {}, tuple(source.face_keys(body.source)), "short", female=looks.look_of(name).female)
    shell = shadow.build(body, clothes, head)
    # Above the neck's tube: the ball in the cranium.
    skull = shell.points[shell.points[:, 2] > body.head("head")[2] + 0.1 * body.size]
    assert len(skull) > 30
    skin = body.sheet("body")
    corners, shares = surface.closest(skull, skin.points, skin.faces)
    normals = np.einsum("nk,nkx->nx", shares, sheet.normals(skin.points, skin.faces)[corners])
    place = np.einsum("nk,nkx->nx", shares, skin.points[corners])
    assert ((skull - place) * normals).sum(axis=1).max() < -0.002
