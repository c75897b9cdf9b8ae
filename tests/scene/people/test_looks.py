"""The seven actors: each has a cut of his own, eyes that are open at rest and closed in a blink, cloth with folds."""

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Vector  # noqa: E402
from mathutils.bvhtree import BVHTree  # noqa: E402

from blender_addon.dataset import makehuman as source  # noqa: E402
from blender_addon.dataset import rest_pose  # noqa: E402
from blender_addon.scene import looks  # noqa: E402
from blender_addon.scene.people import actor, dress, face, shape, sheet  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene.test_mannequin import interact_like  # noqa: E402

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")
FORWARD = Vector((0.0, -1.0, 0.0))


@pytest.fixture(scope="module", params=shape.BUILDS)
def head(request):
    who = request.param
    female = looks.look_of(who).female
    body, style = actor.fitted(source.read(DATA), who, rest_pose.stand(interact_like()), female=female)
    return face.build(body, {}, tuple(source.face_keys(body.source)), style, female=female)[0]


def seen(head, slots, *keys):
    """Share of the vertices of some materials before which there is no skin, with some keys at 1."""
    names = [*source.ARKIT_NAMES, source.TONGUE_KEY]
    points = head.points + sum((head.keys[names.index(key)] for key in keys), np.zeros_like(head.points))
    skin = head.faces[np.isin(head.materials, [dress.SLOT[name] for name in (*dress.FACE, "lips")])]
    tree = BVHTree.FromPolygons(points.tolist(), [list(dict.fromkeys(face)) for face in skin.tolist()])
    rows = np.unique(head.faces[np.isin(head.materials, [dress.SLOT[name] for name in slots])])
    return np.mean([tree.ray_cast(Vector(point), FORWARD)[0] is None for point in points[rows]])


def test_each_has_a_cut_of_his_own():
    assert len({build.hair for build in shape.BUILDS.values()}) == len(shape.BUILDS) == 7


def test_lids_uncover_the_pupils_at_rest_and_cover_the_irises_in_a_blink(head):
    # The data's men show two thirds of their pupils and half of their irises.
    assert seen(head, ("pupil",)) > 0.88
    assert seen(head, ("iris",)) > 0.64
    assert seen(head, ("pupil", "iris"), "eyeBlinkLeft", "eyeBlinkRight") == 0.0


def test_lids_that_rest_wider_open_close_as_far():
    data, build = source.read(DATA), shape.BUILDS["003"]
    assert build.rest["eyeWide"] > 0.3
    narrow = replace(build, rest={key: share for key, share in build.rest.items() if key != "eyeWide"})
    for side in ("Left", "Right"):
        closed = [shape.shape(data, b, female=False) + shape.keys(data, b)[f"eyeBlink{side}"] for b in (build, narrow)]
        ours = data.vertices[:, 0] * (1 if side == "Left" else -1) > 0.001
        assert np.abs(closed[0] - closed[1])[ours].max() < 1e-9


@pytest.mark.parametrize("female", [False, True])
def test_others_have_a_cut_and_a_body_of_their_own_too(female):
    builds = [shape.build_of(f"{n:03}", female=female) for n in range(20, 80)]
    assert {build.hair for build in builds} == set(shape.WOMENS_HAIR if female else shape.MENS_HAIR)
    assert all(bool(build.rest) != female for build in builds)
    assert {build.skirt for build in builds} == ({"", "tights"} if female else {""})


def test_a_beard_is_on_the_jaw_and_moves_with_it():
    female = looks.look_of("003").female
    body, style = actor.fitted(source.read(DATA), "003", rest_pose.stand(interact_like()), female=female)
    assert body.beard
    found = face.build(body, {}, tuple(source.face_keys(body.source)), style, female=female)[0]
    beard = sheet.take(found, found.materials == dress.SLOT["beard"])
    pupils = found.points[np.unique(found.faces[found.materials == dress.SLOT["pupil"]])]
    assert beard.points[:, 2].max() < pupils[:, 2].min()
    jaw = beard.keys[source.ARKIT_NAMES.index("jawOpen")]
    assert np.linalg.norm(jaw, axis=1).max() > 0.010


def test_cloth_has_folds_of_one_size_that_workbench_does_not_see():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    look = looks.look_of("002")
    actor.build("002", interact_like(), bpy.context.scene.collection, assets=DATA)
    for name in ("top", "collar", "legs", "skin"):
        material = bpy.data.materials[f"actor_002_{name}"]
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Normal"].is_linked == (name != "skin")
        assert not shader.inputs["Base Color"].is_linked
    top = bpy.data.materials["actor_002_top"]
    assert top.diffuse_color[0] == pytest.approx(((look.top[0] + 0.055) / 1.055) ** 2.4, abs=1e-6)
    mesh = bpy.data.objects["actor_002_body"].data
    assert not mesh.use_auto_texspace
    assert list(mesh.texspace_size) == [0.5, 0.5, 0.5]
