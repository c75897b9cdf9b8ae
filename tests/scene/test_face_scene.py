"""Face scenes: the weights are on the keys, the jaw opens where they say so, heads are framed alike."""

import shutil

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402

from blender_addon.dataset import blendshapes, databases, ict_arkit  # noqa: E402
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES  # noqa: E402
from blender_addon.dataset.errors import DatasetError  # noqa: E402
from blender_addon.dataset.layout import Dataset  # noqa: E402
from blender_addon.dataset.naming import PerformanceId  # noqa: E402
from blender_addon.scene import face_scene, face_template, render  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene import ict_data  # noqa: E402

FACE = PerformanceId("20231119", "001", "001")


@pytest.fixture
def data(dataset, tmp_path):
    """The small data set with weights of its own: the jaw opens from frame 1 to 11 and shuts to 21."""
    root = tmp_path / "data"
    shutil.copytree(dataset, root)
    found = Dataset.at(root)
    weights = np.zeros((21, len(ICT_NAMES)), np.float32)
    weights[:, ICT_NAMES.index("jawOpen")] = np.concatenate((np.linspace(0, 1, 11), np.linspace(0.9, 0, 10)))
    weights[:, ICT_NAMES.index("browInnerUp_L")] = 0.5
    np.save(found.face_ict(FACE), weights)
    np.save(found.face_arkit(FACE), ict_arkit.to_arkit(weights))
    return found


def user_file(names, name="mesh-001", *, camera=True):
    """A .blend of a user's: one triangle with those keys."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.data.scenes.new(name)
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
    thing = bpy.data.objects.new("Face", mesh)
    scene.collection.objects.link(thing)
    thing.shape_key_add(name="Basis")
    for key in names:
        thing.shape_key_add(name=key).value = 0.0
    if camera:
        scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        scene.collection.objects.link(scene.camera)
    return thing


def value(done, thing, key, frame):
    done.scene.frame_set(frame)
    evaluated = thing.evaluated_get(done.scene.view_layers[0].depsgraph)
    return evaluated.data.shape_keys.key_blocks[key].value


@pytest.mark.parametrize("kind", ["ict", "arkit"])
def test_a_users_head_gets_the_weights_by_the_names_of_its_keys(data, kind):
    thing = user_file([f"Blend.{name}" for name in reversed(ICT_NAMES if kind == "ict" else ARKIT_NAMES)])
    done = face_scene.composite(data, FACE)
    assert (done.frames, done.notices) == (21, ())
    assert (done.scene.frame_start, done.scene.frame_end, done.scene.render.fps) == (1, 21, 30)
    assert value(done, thing, "Blend.jawOpen", 11) == pytest.approx(1.0)
    assert value(done, thing, "Blend.jawOpen", 16) == pytest.approx(0.5)
    if kind == "ict":
        assert value(done, thing, "Blend.browInnerUp_L", 5) == pytest.approx(0.5)
        assert value(done, thing, "Blend.browInnerUp_R", 5) == 0.0
    else:
        assert value(done, thing, "Blend.browInnerUp", 5) == pytest.approx(0.25)


def test_an_ict_head_takes_arkit_weights_where_there_are_no_others(data):
    data.face_ict(FACE).unlink()
    thing = user_file(ICT_NAMES)
    done = face_scene.composite(data, FACE)
    assert value(done, thing, "browInnerUp_R", 5) == value(done, thing, "browInnerUp_L", 5) == pytest.approx(0.25)


@pytest.mark.parametrize(("names", "whose"), [(ICT_NAMES, "ICT's"), (ARKIT_NAMES, "ARKit's")])
def test_keys_with_other_names_are_taken_by_their_order_with_a_notice(data, names, whose):
    thing = user_file([f"Key {n}" for n in range(len(names))])
    done = face_scene.composite(data, FACE)
    assert done.notices == (f"Face: its shape keys have names of their own and are taken in {whose} order",)
    for number, name in enumerate(names):
        wanted = {"jawOpen": 1.0, "browInnerUp_L": 0.5, "browInnerUp": 0.25}.get(name, 0.0)
        assert value(done, thing, f"Key {number}", 11) == pytest.approx(wanted)


def test_missing_keys_are_named_and_values_beyond_one_are_not_clamped(data):
    thing = user_file([name for name in ICT_NAMES if name != "mouthFunnel"])
    weights = np.load(data.face_ict(FACE))
    weights[4, ICT_NAMES.index("jawOpen")] = 1.4
    np.save(data.face_ict(FACE), weights)
    done = face_scene.composite(data, FACE)
    assert done.notices == ("Face has no shape keys mouthFunnel",)
    assert value(done, thing, "jawOpen", 5) == pytest.approx(1.4)


def test_another_performance_takes_the_place_of_the_first(data):
    thing = user_file(ICT_NAMES)
    face_scene.composite(data, FACE)
    np.save(data.face_ict(FACE), np.zeros((5, 55), np.float32))
    done = face_scene.composite(data, FACE)
    assert done.frames == 5
    assert value(done, thing, "jawOpen", 5) == 0.0
    assert len(bpy.data.actions) == 1


@pytest.mark.parametrize(
    ("names", "scene", "camera", "sentence"),
    [(ICT_NAMES, "mesh-002", True, "has no scene mesh-001 for actor 001; its scenes are Scene, mesh-002"),
     (ICT_NAMES, "mesh-001", False, "has no camera"),
     (["a", "b"], "mesh-001", True, "no mesh in it has the shape keys")],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(data, names, scene, camera, sentence):
    user_file(names, scene, camera=camera)
    with pytest.raises(DatasetError, match=sentence):
        face_scene.composite(data, FACE)


#: Of the seven actors' heads, over the template's: across, up and forward.
SIZES = (
    *((1.0, 1.0, 1.0), (0.94, 1.12, 1.0), (1.1, 1.05, 1.0), (0.95, 1.0, 1.05)),
    *((0.9, 0.9, 0.9), (1.0, 0.9, 1.0), (1.15, 1.15, 1.15)),
)


def stretched(source, target, factors):
    """An OBJ's head, longer and narrower."""
    lines = []
    for line in source.read_text().splitlines():
        words = line.split()
        if words[:1] == ["v"]:
            line = "v " + " ".join(str(float(x) * f) for x, f in zip(words[1:4], factors, strict=True))
        lines.append(line)
    target.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module", params=["ict", "people", "mannequin"])
def built(request, dataset, tmp_path_factory):
    """The kind of the actors' heads, and a file with all of them."""
    kind = request.param
    folder = tmp_path_factory.mktemp("heads")
    data = Dataset.at(shutil.copytree(dataset, folder / "data"))
    if kind == "ict":
        if not ict_data.THERE:
            pytest.skip("no ICT template and basis here")
        data.ict_basis.parent.mkdir(exist_ok=True)
        shutil.copyfile(ict_data.BASIS, data.ict_basis)
        data.face_ict_template("001").parent.mkdir(exist_ok=True)
        for actor, factors in zip(databases.actors(data), SIZES, strict=True):
            stretched(ict_data.TEMPLATE, data.face_ict_template(actor), factors)
    if kind == "people" and assets.there() is None:
        pytest.skip("the people's data have not been fetched")
    face_template.build(data, assets.there() if kind == "people" else "")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "heads.blend"))
    return kind, folder / "heads.blend"


@pytest.fixture
def heads(built):
    """That file, opened; the kind of its heads."""
    kind, path = built
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return kind


def keyed(scene):
    return next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys)


def places(block):
    points = np.empty(len(block.data) * 3, dtype=np.float32)
    block.data.foreach_get("co", points)
    return points.reshape(-1, 3)


def evaluated(scene, thing, frame):
    scene.frame_set(frame)
    mesh = thing.evaluated_get(scene.view_layers[0].depsgraph).data
    points = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def test_the_jaw_opens_where_the_weights_say_and_neutral_is_neutral(data, heads):
    done = face_scene.composite(data, FACE)
    thing = keyed(done.scene)
    keys = thing.data.shape_keys.key_blocks
    jaw = places(keys["jawOpen"]) - places(keys["Basis"])
    chin = jaw[:, 2] < 0.8 * jaw[:, 2].min()
    heights = [evaluated(done.scene, thing, frame)[chin, 2].mean() for frame in (1, 6, 11, 21)]
    drop = heights[0] - heights[2]
    assert drop > 0.008
    assert heights[0] - heights[1] == pytest.approx(drop / 2, rel=0.05)
    assert heights[3] == pytest.approx(heights[0], abs=1e-5)


def test_no_weights_leave_the_head_as_it_is(data, heads):
    scene = face_scene.find("001")
    thing = keyed(scene)
    rest = evaluated(scene, thing, 1)
    if heads != "people":  # whose hanging arms draw at the neck's skin
        assert np.abs(rest - places(thing.data.shape_keys.key_blocks[0])).max() < 1e-5
    np.save(data.face_ict(FACE), np.zeros((3, len(ICT_NAMES)), np.float32))
    done = face_scene.composite(data, FACE)
    assert np.abs(evaluated(done.scene, thing, 2) - rest).max() < 1e-6
    weights = np.zeros((3, len(ICT_NAMES)), np.float32)
    weights[1, ICT_NAMES.index("mouthSmile_L")] = 1.0
    np.save(data.face_ict(FACE), weights)
    face_scene.composite(data, FACE)
    smile = evaluated(done.scene, thing, 2) - rest
    assert np.abs(smile).max() > 0.002
    # The person's left is at +X.
    far = np.linalg.norm(smile, axis=1)
    assert rest[far > 0.5 * far.max(), 0].min() > 0
    assert np.abs(evaluated(done.scene, thing, 3) - rest).max() < 1e-6


def test_every_head_is_framed_alike_and_looks_into_the_camera(heads):
    scenes = [scene for scene in bpy.data.scenes if scene.name.startswith("mesh-")]
    assert len(scenes) == len(SIZES)
    for scene in scenes:
        assert (scene.render.resolution_x, scene.render.resolution_y) == (1080, 1080)
        assert (scene.render.engine, scene.render.fps, scene.render.fps_base) == (render.EEVEE, 30, 1.0)
        thing = keyed(scene)
        points = evaluated(scene, thing, 1)
        # Only an evaluated camera is where it was put: the scene is not the window's.
        camera = scene.camera.evaluated_get(scene.view_layers[0].depsgraph)
        moved = np.zeros(len(points), dtype=bool)
        blocks = thing.data.shape_keys.key_blocks
        for block in blocks[1:]:
            far = np.linalg.norm(places(block) - places(blocks[0]), axis=1)
            moved |= far > max(0.5 * far.max(), 1e-4)
        seen = np.array([world_to_camera_view(scene, camera, Vector(p)) for p in points[moved].tolist()])
        assert np.ptp(seen[:, 1]) == pytest.approx(0.43, abs=0.03)
        assert (seen[:, 0].min() + seen[:, 0].max()) / 2 == pytest.approx(0.5, abs=0.02)
        # Nothing of the head leaves the picture at the top.
        whole = np.array([world_to_camera_view(scene, camera, Vector(p)) for p in points[::7].tolist()])
        assert whole[:, 1].max() < 0.97
        # The nose is what is nearest to the camera.
        assert abs(points[np.argmin(points[:, 1]), 0]) < 0.02


def test_eyes_lie_where_the_heads_sockets_are(heads):
    """Behind the lids, one on each side, looking ahead: whatever the head's size, its pupils end up 62 mm apart."""
    if heads != "ict":
        pytest.skip("only these heads come without eyes")
    for scene in (scene for scene in bpy.data.scenes if scene.name.startswith("mesh-")):
        thing = keyed(scene)
        points = places(thing.data.shape_keys.key_blocks[0])
        names = [material.name for material in thing.data.materials]
        pupils = {
            corner
            for face in thing.data.polygons
            if "pupil" in names[face.material_index].lower()
            for corner in face.vertices
        }
        spots = points[sorted(pupils)]
        left, right = spots[spots[:, 0] > 0], spots[spots[:, 0] < 0]
        for side, sign in ((left, 1), (right, -1)):
            assert side[:, 0].mean() == pytest.approx(sign * 0.031, abs=0.002)
            assert side[:, 2].mean() == pytest.approx(0.0, abs=0.003)
            assert side[:, 1].max() < 0


def test_a_data_set_without_any_head_says_so(tmp_path):
    root = tmp_path / "empty"
    (root / "bvhs").mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"actors\.db"):
        face_template.build(Dataset.at(root))


def test_weights_of_both_kinds_are_told_apart_by_their_width(data):
    assert blendshapes.load_any(data.face_ict(FACE)).shape == (21, 55)
    assert blendshapes.load_any(data.face_arkit(FACE)).shape == (21, 51)
