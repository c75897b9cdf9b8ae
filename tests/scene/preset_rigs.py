"""Rigs of every family that there is a preset for: its bones' real names and tree, its rest pose and its bones' axes.

Names and trees are as these programs write them; bodies are an InterAct actor's, so that every joint has its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from blender_addon.dataset import rest_pose
from blender_addon.dataset.joint_roles import FINGERS

#: Where a bone's head is: at the joint of the role that the bone is to have, or, for bones that are to have none, a
#: share of the way from one joint to another.
Place = str | tuple[str, str, float]
Row = tuple[str, str, Place]


@dataclass(frozen=True)
class Family:
    """A kind of rig: the preset that is meant for it, and how a rig of it is built.

    rows: (name, parent, place), parents first; {s} in a name: the side, both in turn. arms: how far arms hang from the
    T-pose, degrees; axes: see `_matrix`; world: the armature object's matrix.
    """

    preset: str
    rows: list[Row]
    sides: tuple[str, str] = ("l", "r")
    arms: float = 0.0
    axes: str = "along"
    world: Matrix = field(default_factory=lambda: Matrix.Identity(4))

    @property
    def bones(self) -> Iterator[tuple[str, str, Place, str]]:
        """(name, parent, place, side) of every bone."""
        for name, parent, place in self.rows:
            if "{s}" in name:
                for side, s in zip("LR", self.sides, strict=True):
                    yield name.replace("{s}", s), parent.replace("{s}", s), place, f".{side}"
            else:
                yield name, parent, place, ""

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.bones]

    @property
    def parents(self) -> list[int]:
        return [self.names.index(parent) if parent else -1 for _, parent, *_ in self.bones]

    @property
    def wanted(self) -> dict[str, str]:
        """The bone of every role, by name."""
        return {place + side: name for name, _, place, side in self.bones if isinstance(place, str)}


def chain(parent: str, *bones: tuple[str, Place]) -> list[Row]:
    """Bones that hang on one another."""
    parents = [parent, *(name for name, _ in bones)]
    return [(name, above, place) for (name, place), above in zip(bones, parents, strict=False)]


def fingers(hand: str, pattern: str, names: tuple[str, ...] = FINGERS, palm: str = "") -> list[Row]:
    """Three bones a finger; {f} its name, {n} the bone's number; palm: bones of the palm, for all but the thumb."""
    rows = []
    for finger, name in zip(FINGERS, names, strict=True):
        bones = [(pattern.replace("{f}", name).replace("{n}", str(n)), f"{finger}.{n}") for n in (1, 2, 3)]
        if palm and finger != "thumb":
            bones.insert(0, (palm.replace("{f}", name), f"{finger}.0"))
        rows += chain(hand, *bones)
    return rows


def build(family: Family, name: str, rest: rest_pose.RestPose) -> bpy.types.Object:
    """An armature of a family, its body that of `rest`."""
    inverse = family.world.inverted()
    heads = {bone: inverse @ Vector(head) for bone, head in _heads(family, rest).items()}
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    rig.matrix_world = family.world
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    size = 0.04 * inverse.to_scale().x
    random = np.random.default_rng(0)
    for bone, parent, _, _ in family.bones:
        item = rig.data.edit_bones.new(bone)
        item.parent = rig.data.edit_bones[parent] if parent else None
        ways = [heads[other] - heads[bone] for other, above, _, _ in family.bones if above == bone]
        along = next((way for way in ways if way.length > 0.2 * size), Vector((0.0, 0.0, size)))
        item.head, item.tail = heads[bone], heads[bone] + Vector((0.0, size, 0.0))
        item.matrix = Matrix.Translation(heads[bone]) @ _matrix(family.axes, along, random).to_4x4()
        item.length = along.length if family.axes == "along" else size
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def _matrix(axes: str, along: Vector, random: np.random.Generator) -> Matrix:
    """A bone's axes in its rest pose: "along": y to its child; "x along": x to its child, as Unreal's; "upright": those
    of the armature, as SMPL's and a VRM's joints; "any": turned anyhow."""
    if axes == "upright":
        return Matrix.Identity(3)
    if axes == "any":
        return Quaternion(random.normal(size=4)).normalized().to_matrix()
    unit = along.normalized()
    side = unit.orthogonal().normalized()
    columns = (side, unit, side.cross(unit)) if axes == "along" else (unit, side, unit.cross(side))
    return Matrix(columns).transposed()


def _heads(family: Family, rest: rest_pose.RestPose) -> dict[str, np.ndarray]:
    """World heads (3,) of all bones by name."""
    at = _posed({role: rest.heads[joint] for role, joint in rest.roles.items()}, family.arms)
    trunk = {"spine": [at[f"spine.{n}"] for n in range(4)], "neck": [at["neck.0"], at["neck.1"], at["head"]]}
    for part, points in trunk.items():
        count = sum(isinstance(place, str) and place.startswith(part) for _, _, place in family.rows)
        last = max(count - (part == "spine"), 1)  # the last bone of the spine is at its last joint
        for n in range(count):
            share = n / last * (len(points) - 1)
            low = min(int(share), len(points) - 2)
            at[f"{part}.{n}"] = points[low] + (share - low) * (points[low + 1] - points[low])
    at["floor"] = np.zeros(3)

    def joint(role: str, side: str) -> np.ndarray:
        if role + side in at:
            return at[role + side]
        if role in at:
            return at[role]
        # A bone of the palm that the actor's skeleton lacks.
        return 0.8 * at["hand" + side] + 0.2 * at[role.replace(".0", ".1") + side]

    heads = {}
    for name, _, place, side in family.bones:
        if isinstance(place, str):
            heads[name] = joint(place, side)
        else:
            start, end, share = place
            heads[name] = joint(start, side) + share * (joint(end, side) - joint(start, side))
    return heads


def _posed(at: dict[str, np.ndarray], down: float) -> dict[str, np.ndarray]:
    """Arms hanging by `down` degrees, elbows bent a little forward, legs apart: an A-pose; the T-pose for 0."""
    arm = {"upper_arm", "forearm", "hand", *(f"{finger}.{n}" for finger in FINGERS for n in range(4))}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        for start, axis, angle, parts in (
            (f"upper_arm.{side}", "Y", sign * down, arm),
            (f"forearm.{side}", "Z", -sign * down / 4.0, arm - {"upper_arm"}),
            (f"thigh.{side}", "Y", -sign * down / 8.0, {"thigh", "shin", "foot", "toe"}),
        ):
            turn = np.array(Matrix.Rotation(np.radians(angle), 3, axis))
            for role in at:
                if role.endswith(f".{side}") and role[:-2] in parts:
                    at[role] = at[start] + turn @ (at[role] - at[start])
    return at


#: FBX files come in centimetres with Y up: the importer turns and scales the armature. BVH and glTF: with Y up.
FBX = Matrix.Rotation(np.pi / 2.0, 4, "X") @ Matrix.Scale(0.01, 4)
Y_UP = Matrix.Rotation(np.pi / 2.0, 4, "X")


def _body(hips: str, trunk: list[tuple[str, Place]], arm: list[str], leg: list[str], legs_on: str = "") -> list[Row]:
    chest = [name for name, place in trunk if isinstance(place, str) and place.startswith("spine")][-1]
    arms = zip(arm, ("shoulder", "upper_arm", "forearm", "hand"), strict=True)
    legs = zip(leg, ("thigh", "shin", "foot", "toe"), strict=True)
    return [*chain(hips, *trunk), *chain(chest, *arms), *chain(legs_on or hips, *legs)]


def _trunk(spine: list[str], neck: list[str], head: str) -> list[tuple[str, Place]]:
    return [*((name, f"spine.{n}") for n, name in enumerate(spine)),
            *((name, f"neck.{n}") for n, name in enumerate(neck)), (head, "head")]  # fmt: skip


def _mixamo(prefix: str) -> list[Row]:
    rows = [
        ("Hips", "", "hips"),
        *_body("Hips", _trunk(["Spine", "Spine1", "Spine2"], ["Neck"], "Head"),
               ["{s}Shoulder", "{s}Arm", "{s}ForeArm", "{s}Hand"], ["{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase"]),
        *fingers("{s}Hand", "{s}Hand{f}{n}", ("Thumb", "Index", "Middle", "Ring", "Pinky")),
        *((f"{{s}}Hand{f}4", f"{{s}}Hand{f}3", (f"{f.lower()}.2", f"{f.lower()}.3", 2.0))
          for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")),
        ("HeadTop_End", "Head", ("neck.0", "head", 2.0)), ("{s}Toe_End", "{s}ToeBase", ("foot", "toe", 1.5)),
    ]  # fmt: skip
    return [(prefix + name, prefix + parent if parent else "", place) for name, parent, place in rows]


def _unreal(spine: int, neck: int, palm: str, twists: int) -> list[Row]:
    limbs = (("upperarm", "upper_arm", "forearm"), ("lowerarm", "forearm", "hand"), ("thigh", "thigh", "shin"),
             ("calf", "shin", "foot"))  # fmt: skip
    return [
        ("root", "", ("floor", "floor", 0.0)), ("pelvis", "root", "hips"),
        *_body("pelvis", _trunk([f"spine_0{n}" for n in range(1, spine + 1)],
                                [f"neck_0{n}" for n in range(1, neck + 1)], "head"),
               ["clavicle_{s}", "upperarm_{s}", "lowerarm_{s}", "hand_{s}"],
               ["thigh_{s}", "calf_{s}", "foot_{s}", "ball_{s}"]),
        *fingers("hand_{s}", "{f}_0{n}_{s}", palm=palm),
        *((f"{bone}_twist_0{n}_{{s}}", f"{bone}_{{s}}", (start, end, 0.3 * n))
          for bone, start, end in limbs for n in range(1, twists + 1)),
        ("ik_foot_root", "root", ("floor", "floor", 0.0)), ("ik_foot_{s}", "ik_foot_root", ("foot", "foot", 0.0)),
        ("ik_hand_root", "root", ("floor", "floor", 0.0)), ("ik_hand_gun", "ik_hand_root", ("hand.R", "hand.R", 0.0)),
        ("ik_hand_{s}", "ik_hand_gun", ("hand", "hand", 0.0)),
    ]  # fmt: skip


def _auto_rig_pro(separator: str, *, twists_in_chain: bool) -> list[Row]:
    if twists_in_chain:
        arm = [("shoulder.{s}", "shoulder"), ("c_arm_twist_offset.{s}", "upper_arm"),
               ("arm_stretch.{s}", ("upper_arm", "forearm", 0.5)), ("forearm_stretch.{s}", "forearm"),
               ("forearm_twist.{s}", ("forearm", "hand", 0.5)), ("hand.{s}", "hand")]  # fmt: skip
        leg = [("thigh_twist.{s}", "thigh"), ("thigh_stretch.{s}", ("thigh", "shin", 0.5)), ("leg_stretch.{s}", "shin"),
               ("leg_twist.{s}", ("shin", "foot", 0.5)), ("foot.{s}", "foot"), ("toes_01.{s}", "toe")]  # fmt: skip
        twists = []
    else:
        arm = [("shoulder.{s}", "shoulder"), ("arm_stretch.{s}", "upper_arm"), ("forearm_stretch.{s}", "forearm"),
               ("hand.{s}", "hand")]  # fmt: skip
        leg = [
            ("thigh_stretch.{s}", "thigh"),
            ("leg_stretch.{s}", "shin"),
            ("foot.{s}", "foot"),
            ("toes_01.{s}", "toe"),
        ]
        twists = [("arm_twist.{s}", "arm_stretch.{s}", ("upper_arm", "forearm", 0.0)),
                  ("forearm_twist.{s}", "forearm_stretch.{s}", ("forearm", "hand", 0.5)),
                  ("thigh_twist.{s}", "thigh_stretch.{s}", ("thigh", "shin", 0.0)),
                  ("leg_twist.{s}", "leg_stretch.{s}", ("shin", "foot", 0.5))]  # fmt: skip
    rows = [
        ("root.x", "", "hips"),
        *chain("root.x", *_trunk(["spine_01.x", "spine_02.x", "spine_03.x"], ["neck.x"], "head.x")),
        *chain("spine_03.x", *arm), *chain("root.x", *leg), *twists,
        *chain("hand.{s}", ("thumb1.{s}", "thumb.1"), ("c_thumb2.{s}", "thumb.2"), ("c_thumb3.{s}", "thumb.3")),
    ]  # fmt: skip
    for finger in FINGERS[1:]:
        rows += chain("hand.{s}", (f"c_{finger}1_base.{{s}}", f"{finger}.0"), (f"{finger}1.{{s}}", f"{finger}.1"),
                      (f"c_{finger}2.{{s}}", f"{finger}.2"), (f"c_{finger}3.{{s}}", f"{finger}.3"))  # fmt: skip
    return [(name.replace(".", separator), parent.replace(".", separator), place) for name, parent, place in rows]


def _vrm(thumb: tuple[str, str, str]) -> list[Row]:
    rows = [
        ("hips", "", "hips"),
        *_body("hips", _trunk(["spine", "chest", "upperChest"], ["neck"], "head"),
               ["{s}Shoulder", "{s}UpperArm", "{s}LowerArm", "{s}Hand"],
               ["{s}UpperLeg", "{s}LowerLeg", "{s}Foot", "{s}Toes"]),
        *chain("{s}Hand", *((f"{{s}}Thumb{part}", f"thumb.{n}") for n, part in enumerate(thumb, 1))),
        ("{s}Eye", "head", ("head", "head", 0.0)), ("jaw", "head", ("head", "head", 0.0)),
    ]  # fmt: skip
    for finger, name in (("index", "Index"), ("middle", "Middle"), ("ring", "Ring"), ("pinky", "Little")):
        parts = enumerate(("Proximal", "Intermediate", "Distal"), 1)
        rows += chain("{s}Hand", *((f"{{s}}{name}{part}", f"{finger}.{n}") for n, part in parts))
    return rows


FAMILIES = {
    "InterAct": Family(
        "InterAct",
        [("Hips", "", "hips"),
         *_body("Hips", _trunk(["Spine", "Spine1", "Spine2", "Spine3"], ["Neck", "Neck1"], "Head"),
                ["{s}Shoulder", "{s}Arm", "{s}ForeArm", "{s}Hand"], ["{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase"]),
         *chain("{s}Hand", *((f"{{s}}HandMiddle{n}", f"middle.{n}") for n in (1, 2, 3))),
         *chain("{s}Hand", ("{s}HandRing", "ring.0"), *((f"{{s}}HandRing{n}", f"ring.{n}") for n in (1, 2, 3))),
         *chain("{s}HandRing", ("{s}HandPinky", "pinky.0"),
                *((f"{{s}}HandPinky{n}", f"pinky.{n}") for n in (1, 2, 3))),
         *chain("{s}Hand", ("{s}HandIndex", "index.0"), *((f"{{s}}HandIndex{n}", f"index.{n}") for n in (1, 2, 3))),
         *chain("{s}HandIndex", *((f"{{s}}HandThumb{n}", f"thumb.{n}") for n in (1, 2, 3)))],
        ("Left", "Right"), world=Y_UP,
    ),
    "Mixamo": Family("Mixamo", _mixamo("mixamorig:"), ("Left", "Right"), world=FBX),
    "Mixamo, a second character": Family("Mixamo", _mixamo("mixamorig1:"), ("Left", "Right"), axes="any"),
    "Mixamo, without colons": Family("Mixamo", _mixamo("mixamorig"), ("Left", "Right"), arms=40.0),
    "Mixamo, without prefix": Family("Mixamo", _mixamo(""), ("Left", "Right")),
    "Unreal 4": Family("Unreal 4", _unreal(3, 1, "", 1), arms=50.0, axes="x along", world=FBX),
    "Unreal 5": Family("Unreal 5", _unreal(5, 2, "{f}_metacarpal_{s}", 2), arms=50.0, axes="x along", world=FBX),
    "Rigify, deform bones": Family(
        "Rigify",
        [("DEF-spine", "", "hips"),
         *_body("DEF-spine", _trunk(["DEF-spine.001", "DEF-spine.002", "DEF-spine.003"],
                                    ["DEF-spine.004", "DEF-spine.005"], "DEF-spine.006"),
                ["DEF-shoulder.{s}", "DEF-upper_arm.{s}", "DEF-forearm.{s}", "DEF-hand.{s}"],
                ["DEF-thigh.{s}", "DEF-shin.{s}", "DEF-foot.{s}", "DEF-toe.{s}"]),
         *fingers("DEF-hand.{s}", "DEF-f_{f}.0{n}.{s}")[3:],
         *chain("DEF-hand.{s}", *((f"DEF-thumb.0{n}.{{s}}", f"thumb.{n}") for n in (1, 2, 3))),
         *((f"DEF-palm.0{n}.{{s}}", "DEF-hand.{s}", f"{finger}.0") for n, finger in enumerate(FINGERS[1:], 1)),
         ("DEF-pelvis.{s}", "DEF-spine", ("hips", "thigh", 0.2)),
         ("DEF-upper_arm.{s}.001", "DEF-upper_arm.{s}", ("upper_arm", "forearm", 0.5)),
         ("DEF-thigh.{s}.001", "DEF-thigh.{s}", ("thigh", "shin", 0.5))],
        ("L", "R"), arms=10.0,
    ),
    "Auto-Rig Pro, humanoid": Family("Auto-Rig Pro", _auto_rig_pro(".", twists_in_chain=False), arms=45.0),
    "Auto-Rig Pro, in Unreal": Family(
        "Auto-Rig Pro", _auto_rig_pro("_", twists_in_chain=False), arms=45.0, axes="x along", world=FBX
    ),
    "Auto-Rig Pro, twists in the chain": Family("Auto-Rig Pro", _auto_rig_pro(".", twists_in_chain=True), arms=45.0),
    "VRoid": Family(
        "VRoid",
        [("Root", "", ("floor", "floor", 0.0)), ("J_Bip_C_Hips", "Root", "hips"),
         *_body("J_Bip_C_Hips", _trunk(["J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest"], ["J_Bip_C_Neck"],
                                       "J_Bip_C_Head"),
                ["J_Bip_{s}_Shoulder", "J_Bip_{s}_UpperArm", "J_Bip_{s}_LowerArm", "J_Bip_{s}_Hand"],
                ["J_Bip_{s}_UpperLeg", "J_Bip_{s}_LowerLeg", "J_Bip_{s}_Foot", "J_Bip_{s}_ToeBase"]),
         *fingers("J_Bip_{s}_Hand", "J_Bip_{s}_{f}{n}", ("Thumb", "Index", "Middle", "Ring", "Little")),
         ("J_Adj_{s}_FaceEye", "J_Bip_C_Head", ("head", "head", 0.0)),
         ("J_Sec_{s}_Bust1", "J_Bip_C_UpperChest", ("neck.0", "neck.0", 0.0))],
        ("L", "R"), axes="upright",
    ),
    "VRM 0": Family("VRM", _vrm(("Proximal", "Intermediate", "Distal")), ("left", "right")),
    "VRM 1": Family("VRM", _vrm(("Metacarpal", "Proximal", "Distal")), ("left", "right"), axes="upright", world=Y_UP),
    "SMPL-X": Family(
        "SMPL-X",
        [("root", "", ("floor", "floor", 0.0)), ("pelvis", "root", "hips"),
         *_body("pelvis", _trunk(["spine1", "spine2", "spine3"], ["neck"], "head"),
                ["{s}_collar", "{s}_shoulder", "{s}_elbow", "{s}_wrist"],
                ["{s}_hip", "{s}_knee", "{s}_ankle", "{s}_foot"]),
         *fingers("{s}_wrist", "{s}_{f}{n}"),
         ("jaw", "head", ("head", "head", 0.0)), ("{s}_eye_smplhf", "head", ("head", "head", 0.0))],
        ("left", "right"), axes="upright", world=Y_UP,
    ),
    "CMU": Family(
        "CMU",
        [("Hips", "", "hips"), ("LHipJoint", "Hips", ("hips", "hips", 0.0)),
         ("RHipJoint", "Hips", ("hips", "hips", 0.0)),
         *_body("Hips", _trunk(["LowerBack", "Spine", "Spine1"], ["Neck", "Neck1"], "Head"),
                ["{s}Shoulder", "{s}Arm", "{s}ForeArm", "{s}Hand"], ["{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase"]),
         ("{s}FingerBase", "{s}Hand", ("hand", "hand", 0.0)), ("{s}HandIndex1", "{s}FingerBase", "middle.1")],
        ("Left", "Right"), world=Y_UP,
    ),
    "CMU, ASF": Family(
        "CMU (ASF)",
        [("root", "", "hips"), ("{s}hipjoint", "root", ("hips", "thigh", 0.3)),
         *_body("root", _trunk(["lowerback", "upperback", "thorax"], ["lowerneck", "upperneck"], "head"),
                ["{s}clavicle", "{s}humerus", "{s}radius", "{s}wrist"], ["{s}femur", "{s}tibia", "{s}foot", "{s}toes"],
                "{s}hipjoint"),
         ("{s}hand", "{s}wrist", ("hand", "middle.1", 0.3)), ("{s}fingers", "{s}hand", "middle.1"),
         ("{s}thumb", "{s}hand", "thumb.1")],
        axes="any",
    ),
    "Character Creator": Family(
        "Character Creator",
        [("CC_Base_BoneRoot", "", ("floor", "floor", 0.0)), ("CC_Base_Hip", "CC_Base_BoneRoot", "hips"),
         ("CC_Base_Pelvis", "CC_Base_Hip", ("hips", "hips", 0.0)),
         *_body("CC_Base_Hip", _trunk(["CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"],
                                      ["CC_Base_NeckTwist01", "CC_Base_NeckTwist02"], "CC_Base_Head"),
                ["CC_Base_{s}_Clavicle", "CC_Base_{s}_Upperarm", "CC_Base_{s}_Forearm", "CC_Base_{s}_Hand"],
                ["CC_Base_{s}_Thigh", "CC_Base_{s}_Calf", "CC_Base_{s}_Foot", "CC_Base_{s}_ToeBase"], "CC_Base_Pelvis"),
         *fingers("CC_Base_{s}_Hand", "CC_Base_{s}_{f}{n}", ("Thumb", "Index", "Mid", "Ring", "Pinky")),
         ("CC_Base_{s}_ThighTwist01", "CC_Base_{s}_Thigh", ("thigh", "shin", 0.0)),
         ("CC_Base_{s}_UpperarmTwist01", "CC_Base_{s}_Upperarm", ("upper_arm", "forearm", 0.0)),
         ("CC_Base_{s}_ForearmTwist01", "CC_Base_{s}_Forearm", ("forearm", "hand", 0.3)),
         ("CC_Base_{s}_KneeShareBone", "CC_Base_{s}_Calf", ("shin", "shin", 0.0)),
         ("CC_Base_{s}_ToeBaseShareBone", "CC_Base_{s}_Foot", ("toe", "toe", 0.0)),
         ("CC_Base_{s}_BigToe1", "CC_Base_{s}_ToeBase", ("foot", "toe", 1.2)),
         ("CC_Base_FacialBone", "CC_Base_Head", ("head", "head", 0.0)),
         ("CC_Base_JawRoot", "CC_Base_FacialBone", ("head", "head", 0.0)),
         ("CC_Base_{s}_Eye", "CC_Base_FacialBone", ("head", "head", 0.0))],
        ("L", "R"), arms=45.0, world=FBX, axes="any",
    ),
}  # fmt: skip
