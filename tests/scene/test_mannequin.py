"""The fallback actor: his bones are the skeleton's, his skin follows them, and every key does what it is called."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Quaternion, Vector  # noqa: E402
from mathutils.bvhtree import BVHTree  # noqa: E402

from blender_addon.dataset import bvh, rest_pose  # noqa: E402
from blender_addon.dataset.blendshapes import ARKIT_NAMES  # noqa: E402
from blender_addon.scene import armatures, looks  # noqa: E402
from blender_addon.scene.mannequin import actor as mannequins  # noqa: E402
from blender_addon.scene.mannequin import body as bodies  # noqa: E402
from blender_addon.scene.mannequin import face as forms  # noqa: E402
from blender_addon.scene.mannequin import head as heads  # noqa: E402
from blender_addon.scene.mannequin import measures, parts  # noqa: E402
from blender_addon.scene.mannequin import shadow as shadows  # noqa: E402
from blender_addon.scene.model_pose import model_pose  # noqa: E402

FINGERS = {"Thumb": (2.0, 3.0), "Index": (10.0, 2.4), "Middle": (10.3, 0.0), "Ring": (9.6, -2.0), "Pinky": (8.4, -3.8)}


def interact_like() -> bvh.Skeleton:
    """A skeleton as InterAct's are: Z up in bone space, T-pose, all fingers, End Sites of no length; cm."""
    names, parents, offsets, ends = [], [], [], {}

    def joint(name: str, parent: str | None, *offset: float) -> None:
        names.append(name)
        parents.append(-1 if parent is None else names.index(parent))
        offsets.append(offset)

    joint("Hips", None, 0, 90, 0)
    for name, parent, y, z in (
        ("Spine", "Hips", 0, 10), ("Spine1", "Spine", -1.8, 10), ("Spine2", "Spine1", -0.9, 10),
        ("Spine3", "Spine2", 0, 10), ("Neck", "Spine3", 1.3, 13.5), ("Neck1", "Neck", 0.4, 4.5),
        ("Head", "Neck1", 0.7, 4.5),
    ):  # fmt: skip
        joint(name, parent, 0, y, z)
    for side, sign in (("Right", 1), ("Left", -1)):
        joint(f"{side}Shoulder", "Spine3", 0, 0, 9.5)
        joint(f"{side}Arm", f"{side}Shoulder", sign * 17, 0, 0)
        joint(f"{side}ForeArm", f"{side}Arm", sign * 27, 0, 0)
        joint(f"{side}Hand", f"{side}ForeArm", sign * 23, 0, 0)
        for finger, (out, forth) in FINGERS.items():
            joint(f"{side}Hand{finger}1", f"{side}Hand", sign * out, forth, 0)
            joint(f"{side}Hand{finger}2", f"{side}Hand{finger}1", sign * 4.4, 0.3 * forth, 0)
            joint(f"{side}Hand{finger}3", f"{side}Hand{finger}2", sign * 3.0, 0.2 * forth, 0)
            ends[len(names) - 1] = np.zeros(3)
        joint(f"{side}UpLeg", "Hips", sign * 10, 0, 0)
        joint(f"{side}Leg", f"{side}UpLeg", 0, 0, -43)
        joint(f"{side}Foot", f"{side}Leg", 0, 0, -41)
        joint(f"{side}ToeBase", f"{side}Foot", 0, 13, -3)
        ends[len(names) - 1] = np.zeros(3)
    channels = tuple(("Zrotation", "Yrotation", "Xrotation") for _ in names)
    return bvh.Skeleton(tuple(names), tuple(parents), np.array(offsets, dtype=float), channels, ends)


def sparse() -> bvh.Skeleton:
    """Y up, arms hanging, neither fingers nor toes, unlike sides; cm."""
    rows = [("Hips", -1, (0, 97, 0)), ("Chest", 0, (0, 10, 0)), ("Chest2", 1, (0, 16, -2)),
            ("Neck", 2, (0, 17, 0)), ("Head", 3, (0, 11, 4))]  # fmt: skip
    ends = {4: np.array((0.0, 18, 0))}
    for side, sign in (("Left", 1.0), ("Right", -1.02)):
        first = len(rows)
        rows += [(f"{side}Collar", 2, (0, 16, 0)), (f"{side}Shoulder", first, (sign * 16, -3, 2)),
                 (f"{side}Elbow", first + 1, (sign * 2.5, -25, 2)), (f"{side}Wrist", first + 2, (sign * 2.4, -22, 1)),
                 (f"{side}Hip", 0, (sign * 9.5, 0, 3)), (f"{side}Knee", first + 4, (0, -48, 0)),
                 (f"{side}Ankle", first + 5, (0, -38, -4))]  # fmt: skip
        ends |= {first + 3: np.array((sign * 1.5, -14.0, 1)), first + 6: np.array((sign, -7.0, 17))}
    names, parents, offsets = zip(*rows, strict=True)
    return bvh.Skeleton(names, parents, np.array(offsets, dtype=float), (("Xrotation",),) * len(rows), ends)


@pytest.fixture
def collection():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene.collection


@pytest.fixture(scope="module", params=[False, True], ids=["male", "female"])
def head(request):
    return heads.build(female=request.param)


@pytest.mark.parametrize("skeleton", [interact_like(), sparse()], ids=["interact", "sparse"])
def test_bones_are_the_joints(collection, skeleton):
    armature = mannequins.build("001", skeleton, collection)
    rest = rest_pose.stand(skeleton)
    bones = armature.data.bones
    assert armature.name == "actor_001"
    assert armature["interact_actor"] == "001"
    assert sorted(bone.name for bone in bones) == sorted(skeleton.names)
    for joint, name in enumerate(skeleton.names):
        bone = bones[name]
        parent = skeleton.parents[joint]
        assert (bone.parent.name if bone.parent else None) == (skeleton.names[parent] if parent >= 0 else None)
        assert np.abs(np.array(bone.head_local) - rest.heads[joint]).max() < 1e-5
        assert bone.length > 1e-3
        assert not bone.use_connect
        assert armature.pose.bones[name].rotation_mode == "QUATERNION"


def test_bones_end_at_the_child_that_goes_on():
    rest = rest_pose.stand(interact_like())
    tails = armatures.bone_tails(rest)
    for bone, child in (("hips", "spine.0"), ("spine.3", "neck.0"), ("hand.L", "middle.1.L"), ("thigh.R", "shin.R")):
        assert tails[rest.roles[bone]] == pytest.approx(rest.head(child))


def test_mode_and_selection_stay(collection):
    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    collection.objects.link(cube)
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    bpy.ops.object.mode_set(mode="EDIT")
    armature = mannequins.build("001", sparse(), collection)
    assert bpy.context.view_layer.objects.active == cube
    assert cube.mode == "EDIT"
    assert cube.select_get()
    assert not armature.select_get()


def test_a_collection_outside_the_scene_will_do(collection):
    people = bpy.data.collections.new("people")
    armature = mannequins.build("001", sparse(), people)
    names = {"actor_001", "actor_001_body", "actor_001_head", "actor_001_shadow"}
    assert {thing.name for thing in people.objects} == names
    assert len(armature.data.bones) == len(sparse().names)
    assert not collection.objects


def test_meshes_hang_on_the_armature_with_keys_at_rest(collection):
    armature = mannequins.build("002", interact_like(), collection)
    for part in ("body", "head", "shadow"):
        thing = bpy.data.objects[f"actor_002_{part}"]
        assert thing["interact_actor"] == "002"
        assert thing.parent == armature
        assert [modifier.object for modifier in thing.modifiers] == [armature]
        assert {group.name for group in thing.vertex_groups} <= set(armature.data.bones.keys())
        assert all(len(vertex.groups) for vertex in thing.data.vertices)
        assert not thing.data.validate()
    keys = bpy.data.objects["actor_002_head"].data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", *ARKIT_NAMES, "tongueOut"]
    assert all((key.value, key.slider_min, key.slider_max) == (0.0, 0.0, 1.0) for key in keys[1:])


def is_closed(faces: np.ndarray) -> bool:
    """Whether every edge has two faces."""
    edges = np.concatenate([faces[:, [n, (n + 1) % 4]] for n in range(4)])
    edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
    return bool((np.unique(edges, axis=0, return_counts=True)[1] == 2).all())


def volume(thing) -> float:
    """The volume in a closed surface, m^3, negative where it looks inwards."""
    a, b, c, d = (thing.vertices[thing.faces[:, n]] for n in range(4))
    return (np.einsum("ij,ij->i", a, np.cross(b, c)) + np.einsum("ij,ij->i", a, np.cross(c, d))).sum() / 6


def posed(thing) -> tuple[np.ndarray, list[list[int]]]:
    """Vertices (V, 3) m and faces of an object as its armature bends it."""
    mesh = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3), [list(face.vertices) for face in mesh.polygons]


def inside(point: np.ndarray, tree) -> bool:
    """Whether a ray from the point leaves the closed surfaces of a BVHTree more often than it enters them."""
    direction, start, depth = Vector((0.31, -0.87, 0.38)), Vector(point), 0
    while True:
        hit, normal, _, _ = tree.ray_cast(start, direction)
        if hit is None:
            return depth > 0
        depth += 1 if normal @ direction > 0 else -1
        start = hit + direction * 1e-5


@pytest.mark.parametrize("skeleton", [interact_like(), sparse()], ids=["interact", "sparse"])
@pytest.mark.parametrize("female", [False, True])
def test_shadow_shell_is_coarse_closed_and_weighted(skeleton, female):
    body = measures.measure(model_pose(rest_pose.stand(skeleton)), female)
    shell = shadows.build(body, bodies.parts(body), 1.0)
    assert 500 < len(shell.vertices) < 1000
    assert is_closed(shell.faces)
    assert 0.02 < volume(shell) < 0.08
    assert shell.weights.sum(axis=1) == pytest.approx(1.0)
    assert len(shell.materials) == len(shell.faces)


@pytest.mark.parametrize(
    "bends", [{}, {"ForeArm": 90.0}, {"Arm": 60.0}, {"UpLeg": -60.0, "Leg": 80.0}], ids=["rest", "elbow", "arm", "sit"]
)
def test_shadow_shell_stays_under_the_skin(collection, bends):
    armature = mannequins.build("002", interact_like(), collection)
    for bone in armature.pose.bones:
        for name, angle in bends.items():
            if bone.name in (f"Left{name}", f"Right{name}"):
                axis = (1.0, 0.0, 0.0) if "Leg" in name else (0.0, 0.0, 1.0 if bone.name.startswith("L") else -1.0)
                turn = Quaternion(axis, np.radians(angle if "Leg" in name else -angle))
                rest = bone.bone.matrix_local.to_quaternion()
                bone.rotation_quaternion = rest.inverted() @ turn @ rest
    bpy.context.view_layer.update()
    surfaces = [posed(bpy.data.objects[f"actor_002_{part}"]) for part in ("body", "head")]
    points = np.concatenate([vertices for vertices, _ in surfaces])
    count = len(surfaces[0][0])
    faces = surfaces[0][1] + [[n + count for n in face] for face in surfaces[1][1]]
    tree = BVHTree.FromPolygons(points.tolist(), faces)
    shell, _ = posed(bpy.data.objects["actor_002_shadow"])
    out = [point for point in shell if not inside(point, tree)]
    assert len(out) <= 0.01 * len(shell), np.round(out, 3)


def test_only_the_shell_casts_workbench_shadows(collection):
    mannequins.build("001", interact_like(), collection)
    casts = {part: bpy.data.objects[f"actor_001_{part}"].display.show_shadows for part in ("body", "head", "shadow")}
    assert casts == {"body": False, "head": False, "shadow": True}
    shell = bpy.data.objects["actor_001_shadow"]
    assert not any((shell.visible_camera, shell.visible_shadow, shell.visible_diffuse))
    assert not shell.hide_render


@pytest.mark.parametrize("skeleton", [interact_like(), sparse()], ids=["interact", "sparse"])
@pytest.mark.parametrize("female", [False, True])
def test_body_is_whole(skeleton, female):
    rest = rest_pose.stand(skeleton)
    body = bodies.build(rest, female=female)
    sums = np.zeros(len(body.vertices))
    for vertices, weights in body.weights.values():
        np.add.at(sums, vertices, weights)
    assert sums == pytest.approx(1.0, abs=1e-6)
    assert np.isfinite(body.vertices).all()
    assert len(body.vertices) < 11000
    assert body.vertices[:, 2].min() == pytest.approx(0.0, abs=0.01)
    assert set(np.unique(body.materials)) == set(range(len(bodies.MATERIALS)))
    assert is_closed(body.faces)
    assert 0.04 < volume(body) < 0.12  # outwards, and about a person's 70 litres
    for side, sign in (("L", 1), ("R", -1)):
        vertices, weights = body.weights[rest.roles[f"forearm.{side}"]]
        assert (body.vertices[vertices[weights > 0.5], 0] * sign > 0.05).all()


def test_same_actor_same_look():
    found = [looks.look_of(actor) for actor in ("001", "002", "003", "005", "006", "007", "008")]
    assert len({look.top for look in found}) == 7
    assert [look.female for look in found] == [False, True, False, False, True, True, False]
    assert looks.look_of("123") == looks.look_of("123") != looks.look_of("124")
    assert looks.look_of("123", "female").female


def moved(head, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The vertices that a key moves by more than 1 mm, and their offsets."""
    much = np.linalg.norm(head.keys[name], axis=1) > 1e-3
    return head.vertices[much], head.keys[name][much]


def material(head, index: int) -> np.ndarray:
    return np.unique(head.faces[head.materials == index])


def test_head_has_a_persons_measures(head):
    skin = head.vertices[material(head, parts.SKIN)]
    assert 0.21 < np.ptp(skin[:, 2]) < 0.24
    assert 0.17 < np.ptp(skin[:, 1]) < 0.25
    assert np.abs(head.vertices).max() < 0.25
    assert len(head.vertices) < 9000
    assert tuple(head.keys) == (*ARKIT_NAMES, "tongueOut")


@pytest.mark.parametrize("name", ARKIT_NAMES)
def test_key_is_seen_where_its_name_says(head, name):
    places, offsets = moved(head, name)
    assert len(places) > 10
    assert np.linalg.norm(offsets, axis=1).max() < 0.06
    middle = places.mean(axis=0)
    part = name[: next(n for n, letter in enumerate(name) if letter.isupper())]
    low, high = {"brow": (0.05, 0.13), "eye": (0.04, 0.10), "cheek": (-0.01, 0.08), "nose": (0.0, 0.10),
                 "mouth": (-0.04, 0.04), "jaw": (-0.06, 0.02)}[part]  # fmt: skip
    assert low < middle[2] < high
    assert middle[1] < -0.03
    if name.endswith(("Left", "Right")) and name not in ("mouthLeft", "mouthRight", "jawLeft", "jawRight"):
        sign = 1 if name.endswith("Left") else -1
        assert (places[:, 0] * sign > 0).mean() > 0.9


def test_jaw_opens_the_mouth(head):
    lips = material(head, parts.LIPS)
    opened = (head.vertices + head.keys["jawOpen"])[lips]
    before = head.vertices[lips]
    middle = np.abs(before[:, 0]) < 0.004
    lower = middle & (head.keys["jawOpen"][lips, 2] < -0.01)
    upper = middle & (np.abs(head.keys["jawOpen"][lips, 2]) < 1e-3)
    assert opened[upper, 2].min() - opened[lower, 2].max() > 0.012
    sealed = (head.vertices + head.keys["jawOpen"] + head.keys["mouthClose"])[lips]
    assert sealed[upper, 2].min() - sealed[lower, 2].max() < 0.002


@pytest.mark.parametrize(("side", "sign"), [("Left", 1), ("Right", -1)])
def test_blink_covers_the_eye(head, side, sign):
    eye = forms.EYE * (sign, 1, 1)
    moving = np.linalg.norm(head.keys[f"eyeBlink{side}"], axis=1) > 0
    near = np.abs(head.vertices[:, 0] - eye[0]) < 0.030
    reach = np.linalg.norm(head.vertices - eye, axis=1)
    outside = (reach > forms.EYE_RADIUS + 0.0005) & (reach < forms.LID_RADIUS + 0.0008)
    lid = np.flatnonzero(moving & near & outside)
    shut = (head.vertices + head.keys[f"eyeBlink{side}"])[lid]
    upper = head.keys[f"eyeBlink{side}"][lid, 2] < 0
    for x in np.linspace(-0.008, 0.008, 5) + eye[0]:
        column = np.abs(shut[:, 0] - x) < 0.0016
        assert abs(shut[column & upper, 2].min() - shut[column & ~upper, 2].max()) < 0.0015
    # Half way, where a straight move cuts the corner, the lid still lies outside the ball.
    half = (head.vertices + 0.5 * head.keys[f"eyeBlink{side}"])[lid]
    assert np.linalg.norm(half - eye, axis=1).min() > forms.EYE_RADIUS
