"""An actor's own ICT head sits on his body: his size, eyes in their sockets, the neck joined to the body's."""

import shutil

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.dataset import ict, rest_pose  # noqa: E402
from blender_addon.dataset import makehuman as source  # noqa: E402
from blender_addon.dataset.blendshapes import ARKIT_NAMES, TONGUE_KEY  # noqa: E402
from blender_addon.dataset.layout import Dataset  # noqa: E402
from blender_addon.scene import face_template, template  # noqa: E402
from blender_addon.scene.people import actor, ict_head, sheet, surface  # noqa: E402
from blender_addon.scene.people.dress import SLOT, collar  # noqa: E402
from blender_addon.scene.people.ict_place import place  # noqa: E402
from farm import assets, templates  # noqa: E402
from farm.plan import Outputs  # noqa: E402
from tests.scene import ict_data  # noqa: E402
from tests.scene.test_mannequin import interact_like  # noqa: E402

DATA = assets.there()
pytestmark = [
    pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched"),
    pytest.mark.skipif(not ict_data.THERE, reason="no ICT template and basis here"),
]
NAMES = (*ARKIT_NAMES, TONGUE_KEY)


@pytest.fixture(scope="module")
def head():
    return ict.read_head(ict_data.TEMPLATE, ict.load_basis(ict_data.BASIS))


@pytest.fixture(scope="module", params=[False, True], ids=["male", "female"])
def worn(request, head):
    """A body, the head as it is placed on it, the finished one."""
    rest = rest_pose.stand(interact_like())
    who = "002" if request.param else "001"
    body, hair = actor.fitted(source.read(DATA), who, rest, female=request.param)
    return body, place(body, head, len(NAMES)), ict_head.build(body, head, NAMES, hair, female=request.param)[0]


def test_it_has_the_bodys_size_and_its_eyes_are_the_bodys(worn):
    body, placed, _ = worn
    theirs = body.sheet("body").points
    ours = placed.skin.points
    assert abs(ours[:, 2].max() - theirs[:, 2].max()) < 0.02
    lefts = [np.ptp(points[points[:, 2] > placed.eyes.middles[0, 2], 0]) for points in (ours, theirs)]
    assert abs(lefts[0] - lefts[1]) < 0.025
    balls = [body.fit.vertices[body.source.cubes[f"helper-{side}-eye"]].mean(axis=0) for side in "lr"]
    assert np.abs(placed.eyes.middles - balls).max() < 0.010
    assert placed.eyes.middles[0, 0] > 0 > placed.eyes.middles[1, 0]


def test_a_template_in_another_unit_is_the_same_head(worn, head):
    body, placed, _ = worn
    metres = ict.Head(head.vertices * 0.01, head.faces, head.keys * 0.01)
    again = place(body, metres, len(NAMES))
    # Also in the middle of the neck, which is as far from the body's left as from its right.
    assert np.abs(again.skin.points - placed.skin.points).max() < 1e-9
    assert np.abs(again.skin.weights - placed.skin.weights).max() < 1e-9
    assert np.abs(again.skin.keys - placed.skin.keys).max() < 1e-6
    assert again.scale == pytest.approx(100 * placed.scale)


def test_the_neck_ends_under_the_collar_on_the_bodys_skin(worn):
    body, _, whole = worn
    skin = sheet.take(whole, whole.materials == SLOT["skin"])
    below = skin.points[skin.points[:, 2] < body.head("head")[2] - 0.06 * body.size]
    depth = collar(body, below)
    assert depth.min() < -0.015 * body.size  # it goes on under the jumper
    edge = below[depth < 0.005 * body.size]
    edge = edge[edge[:, 2] < body.head("head")[2] - 0.10 * body.size]
    theirs = body.sheet("body")
    corners, shares = surface.closest(edge, theirs.points, theirs.faces)
    far = np.linalg.norm(np.einsum("nk,nkx->nx", shares, theirs.points[corners]) - edge, axis=1)
    assert np.percentile(far, 95) < 0.002


def test_the_neck_bends_with_the_body_and_the_face_with_the_head(worn):
    body, placed, whole = worn
    assert np.allclose(whole.weights.sum(axis=1), 1.0)
    head = body.fit.pose.rest.roles["head"]
    face = list(ict.PARTS["left socket"]) + list(ict.PARTS["mouth"])
    assert (placed.skin.weights[face, head] == 1.0).all()
    # Below the neck's root it hangs on the head no more than the body's own skin does.
    ours, theirs = (
        skin.weights[skin.points[:, 2] < body.head("neck.0")[2], head].max()
        for skin in (placed.skin, body.sheet("body"))
    )
    assert ours < theirs + 0.05
    assert theirs < 0.3


def test_no_eyeball_comes_out_of_a_shut_lid(worn):
    _, placed, whole = worn
    for side, middle in zip(("Left", "Right"), placed.eyes.middles, strict=True):
        shut = placed.skin.points + placed.skin.keys[NAMES.index(f"eyeBlink{side}")]
        way = shut - middle
        front = (np.hypot(way[:, 0], way[:, 2]) < 0.008) & (way[:, 1] < 0)
        front[[*ict.PARTS["left socket"], *ict.PARTS["right socket"]]] = False
        assert np.linalg.norm(way[front], axis=1).min() > 0.98 * placed.eyes.radius
    named = ("skin", "lips", "mouth", "brows", "lashes", "sclera", "iris", "pupil", "teeth", "tongue")
    assert {SLOT[name] for name in named} <= set(whole.materials.tolist())


def test_the_lower_teeth_go_with_the_jaw_and_the_upper_ones_stay(worn):
    whole = worn[2]
    opened = whole.keys[NAMES.index("jawOpen")]
    teeth = np.unique(whole.faces[whole.materials == SLOT["teeth"]])
    drops = opened[teeth, 2]
    assert (np.abs(drops) < 1e-9).sum() > 50
    assert drops.min() < -0.015
    before = whole.points[teeth[drops < 0]]
    after = before + opened[teeth[drops < 0]]
    pairs = np.random.default_rng(0).integers(0, len(before), (200, 2))
    lengths = [np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) for points in (before, after)]
    assert np.abs(lengths[0] - lengths[1]).max() < 1e-9


@pytest.fixture(scope="module")
def data(dataset, tmp_path_factory):
    """The small data set with the basis and an ICT template of one actor."""
    root = tmp_path_factory.mktemp("ict") / "data"
    shutil.copytree(dataset, root)
    found = Dataset.at(root)
    for origin, place_ in ((ict_data.TEMPLATE, found.face_ict_template("001")), (ict_data.BASIS, found.ict_basis)):
        place_.parent.mkdir(exist_ok=True)
        shutil.copyfile(origin, place_)
    return found


def test_a_template_has_ict_heads_where_there_are_some_and_says_where_not(data):
    notices = template.build(data, DATA, "ict")
    counts = {thing.name[6:9]: len(thing.data.vertices) for thing in bpy.data.objects if thing.name.endswith("_head")}
    others = sorted(set(counts) - {"001"})
    assert others
    assert counts["001"] > 12_000 > max(counts[who] for who in others)
    assert [notice.partition(":")[0] for notice in notices if "ICT" in notice] == [f"actor {who}" for who in others]
    assert all("no such file" in notice for notice in notices if "ICT" in notice)


def test_a_template_for_everybody_is_made_whatever_head_is_broken(data):
    path = data.face_ict_template("002")
    try:
        path.write_text("v 0 0 0\n" * 299)
        for told in (template.build(data, DATA, "ict"), face_template.build(data, DATA)):
            (broken,) = (notice for notice in told if notice.startswith("actor 002: "))
            assert f"his ICT head is broken ({path}: has 299 vertices" in broken
            sizes = {thing.name: len(thing.data.vertices) for thing in bpy.data.objects if thing.type == "MESH"}
            names = ("actor_{}_head", "face_{}") if "face_001" in sizes else ("actor_{}_head",)
            own, other = (max(sizes.get(name.format(who), 0) for name in names) for who in ("001", "002"))
            assert own > 12_000 > other > 0
    finally:
        path.unlink()


def test_the_built_template_is_another_for_other_faces_and_for_another_head(data, tmp_path):
    outputs = Outputs(tmp_path)
    plain = templates.choose(data, outputs, people=DATA)
    worn = templates.choose(data, outputs, people=DATA, faces="ict")
    assert plain.path != worn.path
    assert not plain.notices
    assert all("keeps the people's face" in notice for notice in worn.notices)
    path = data.face_ict_template("001")
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"# another\n")
        assert templates.choose(data, outputs, people=DATA, faces="ict").path != worn.path
        assert templates.choose(data, outputs, people=DATA).path == plain.path
    finally:
        path.write_bytes(before)
