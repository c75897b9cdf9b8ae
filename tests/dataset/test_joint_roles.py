"""Skeletons of every usual naming scheme, read by the same rules."""

from __future__ import annotations

import pytest

from blender_addon.dataset import joint_roles

#: Roles of one side's limbs, from the chest outwards and from the hips down.
ARM, LEG = ("shoulder", "upper_arm", "forearm", "hand"), ("thigh", "shin", "foot", "toe")
FINGERS = ("thumb", "index", "middle", "ring", "pinky")


class Body:
    """A naming scheme: trunk from the hips up, limbs with {s} for the side, fingers by name with {n}."""

    def __init__(self, trunk, neck, head, arm, leg, sides=("Left", "Right"), fingers=None, above=(), helpers=None):
        self.names, self.parents, self.wanted = [], [], {}
        self.last = -1
        for name in above:
            self.last = self.add(name, self.last)
        self.hips = self.last = self.add(trunk[0], self.last, "hips")
        for n, name in enumerate(trunk[1:]):
            self.last = self.add(name, self.last, f"spine.{n}")
        chest = self.last
        for side, word in zip("LR", sides, strict=True):
            self.limb(leg, LEG[: len(leg)], self.hips, side, word, helpers or {})
        for n, name in enumerate(neck):
            self.last = self.add(name, self.last, f"neck.{n}")
        top = self.add(head, self.last, "head")
        for side, word in zip("LR", sides, strict=True):
            roles = ARM if len(arm) == 4 else ARM[1:]
            hand = self.limb(arm, roles, chest, side, word, helpers or {})
            for finger, names in (fingers or {}).items():
                last = hand
                for n, name in enumerate(names, 1 - (len(names) - 3)):
                    last = self.add(name.format(s=word), last, f"{finger}.{n}.{side}")
        for name in (helpers or {}).get("head", ()):
            self.add(name, top)

    def add(self, name, parent, role=None):
        self.names.append(name)
        self.parents.append(parent)
        if role:
            self.wanted[role] = name
        return len(self.names) - 1

    def limb(self, names, roles, last, side, word, helpers):
        for name, role in zip(names, roles, strict=True):
            last = self.add(name.format(s=word), last, f"{role}.{side}")
            for helper in helpers.get(role, ()):
                self.add(helper.format(s=word), last)
        return last


def numbered(pattern, numbers=(1, 2, 3), names=FINGERS):
    return {f: [pattern.format(f=n, n=k, s="{s}") for k in numbers] for f, n in zip(FINGERS, names, strict=True)}


TITLE = ("Thumb", "Index", "Middle", "Ring", "Pinky")

SCHEMES = {
    "InterAct": Body(
        ["Hips", "Spine", "Spine1", "Spine2", "Spine3"], ["Neck", "Neck1"], "Head",
        ["{s}Shoulder", "{s}Arm", "{s}ForeArm", "{s}Hand"], ["{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase"],
        fingers=numbered("{s}Hand{f}{n}", names=TITLE),
    ),
    "Mixamo": Body(
        [f"mixamorig:{n}" for n in ("Hips", "Spine", "Spine1", "Spine2")], ["mixamorig:Neck"], "mixamorig:Head",
        [f"mixamorig:{{s}}{n}" for n in ("Shoulder", "Arm", "ForeArm", "Hand")],
        [f"mixamorig:{{s}}{n}" for n in ("UpLeg", "Leg", "Foot", "ToeBase")],
        fingers=numbered("mixamorig:{s}Hand{f}{n}", names=TITLE),
        helpers={
            "hand": ["mixamorig:{s}HandThumb4_End"], "toe": ["mixamorig:{s}Toe_End"],
            "head": ["mixamorig:HeadTop_End", "mixamorig:LeftEye"],
        },
    ),
    "Unreal": Body(
        ["pelvis", "spine_01", "spine_02", "spine_03"], ["neck_01"], "head",
        ["clavicle_{s}", "upperarm_{s}", "lowerarm_{s}", "hand_{s}"], ["thigh_{s}", "calf_{s}", "foot_{s}", "ball_{s}"],
        sides="lr", fingers=numbered("{f}_0{n}_{s}"), above=["root"],
        helpers={
            "upper_arm": ["upperarm_twist_01_{s}"], "thigh": ["thigh_twist_01_{s}"], "hand": ["weapon_{s}"],
            "foot": ["ik_foot_{s}"],
        },
    ),
    "Unreal MetaHuman": Body(
        ["pelvis", "spine_01", "spine_02", "spine_03", "spine_04", "spine_05"], ["neck_01", "neck_02"], "head",
        ["clavicle_{s}", "upperarm_{s}", "lowerarm_{s}", "hand_{s}"], ["thigh_{s}", "calf_{s}", "foot_{s}", "ball_{s}"],
        sides="lr", above=["root"],
        fingers=numbered("{f}_0{n}_{s}") | {
            f: [f"{f}_metacarpal_{{s}}", *(f"{f}_0{k}_{{s}}" for k in (1, 2, 3))] for f in FINGERS[1:]
        },
        helpers={
            "upper_arm": ["upperarm_correctiveRoot_{s}", "upperarm_bck_{s}", "upperarm_in_{s}"],
            "shin": ["calf_knee_{s}", "calf_kneeBack_{s}"], "hand": ["wrist_inner_{s}"],
        },
    ),
    "CMU": Body(
        ["Hips", "LowerBack", "Spine", "Spine1"], ["Neck", "Neck1"], "Head",
        ["{s}Shoulder", "{s}Arm", "{s}ForeArm", "{s}Hand"], ["{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase"],
    ),
    "Rigify metarig": Body(
        ["spine", "spine.001", "spine.002", "spine.003"], ["spine.004", "spine.005"], "spine.006",
        ["shoulder.{s}", "upper_arm.{s}", "forearm.{s}", "hand.{s}"], ["thigh.{s}", "shin.{s}", "foot.{s}", "toe.{s}"],
        sides="LR",
        fingers={
            "thumb": [f"thumb.0{k}.{{s}}" for k in (1, 2, 3)],
            **{
                f: [f"palm.0{p}.{{s}}", *(f"f_{f}.0{k}.{{s}}" for k in (1, 2, 3))]
                for p, f in enumerate(FINGERS[1:], 1)
            },
        },
        helpers={"foot": ["heel.02.{s}"], "head": ["face", "eye.L", "jaw"]},
    ),
    "Rigify deform": Body(
        ["DEF-spine", "DEF-spine.001", "DEF-spine.002", "DEF-spine.003"], ["DEF-spine.004", "DEF-spine.005"],
        "DEF-spine.006",
        ["DEF-shoulder.{s}", "DEF-upper_arm.{s}", "DEF-forearm.{s}", "DEF-hand.{s}"],
        ["DEF-thigh.{s}", "DEF-shin.{s}", "DEF-foot.{s}", "DEF-toe.{s}"],
        sides="LR", helpers={"upper_arm": ["DEF-upper_arm.{s}.001"], "thigh": ["DEF-thigh.{s}.001"]},
    ),
    "mocapbank": Body(
        ["Hips", "Chest", "Chest2"], ["Neck"], "Head",
        ["{s}Collar", "{s}Shoulder", "{s}Elbow", "{s}Wrist"], ["{s}Hip", "{s}Knee", "{s}Ankle"],
    ),
    "VRM": Body(
        ["J_Bip_C_Hips", "J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest"], ["J_Bip_C_Neck"], "J_Bip_C_Head",
        ["J_Bip_{s}_Shoulder", "J_Bip_{s}_UpperArm", "J_Bip_{s}_LowerArm", "J_Bip_{s}_Hand"],
        ["J_Bip_{s}_UpperLeg", "J_Bip_{s}_LowerLeg", "J_Bip_{s}_Foot", "J_Bip_{s}_ToeBase"],
        sides="LR", above=["Root"],
        fingers=numbered("J_Bip_{s}_{f}{n}", names=("Thumb", "Index", "Middle", "Ring", "Little")),
        helpers={"head": ["J_Adj_L_FaceEye", "J_Sec_Hair1_01"]},
    ),
    "MakeHuman": Body(
        ["root", "spine05", "spine04", "spine03", "spine02", "spine01"], ["neck01", "neck02", "neck03"], "head",
        ["clavicle.{s}", "upperarm01.{s}", "lowerarm01.{s}", "wrist.{s}"],
        ["upperleg01.{s}", "lowerleg01.{s}", "foot.{s}", "toe1-1.{s}"],
        sides="LR",
        fingers={f: [f"finger{d}-{k}.{{s}}" for k in (1, 2, 3)] for d, f in enumerate(FINGERS, 1)},
        helpers={
            "upper_arm": ["upperarm02.{s}"], "forearm": ["lowerarm02.{s}"], "thigh": ["upperleg02.{s}"],
            "shin": ["lowerleg02.{s}"], "toe": ["toe1-2.{s}"], "foot": ["toe2-1.{s}", "toe5-1.{s}"],
            "head": ["jaw", "eye.L", "eye.R"],
        },
    ),
    "3ds Max Biped": Body(
        ["Bip01 Pelvis", "Bip01 Spine", "Bip01 Spine1", "Bip01 Spine2"], ["Bip01 Neck"], "Bip01 Head",
        ["Bip01 {s} Clavicle", "Bip01 {s} UpperArm", "Bip01 {s} Forearm", "Bip01 {s} Hand"],
        ["Bip01 {s} Thigh", "Bip01 {s} Calf", "Bip01 {s} Foot", "Bip01 {s} Toe0"],
        sides="LR", above=["Bip01"],
    ),
    "Character Creator": Body(
        ["CC_Base_Hip", "CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"],
        ["CC_Base_NeckTwist01", "CC_Base_NeckTwist02"], "CC_Base_Head",
        ["CC_Base_{s}_Clavicle", "CC_Base_{s}_Upperarm", "CC_Base_{s}_Forearm", "CC_Base_{s}_Hand"],
        ["CC_Base_{s}_Thigh", "CC_Base_{s}_Calf", "CC_Base_{s}_Foot", "CC_Base_{s}_ToeBase"],
        sides="LR", above=["CC_Base_BoneRoot"],
        fingers=numbered("CC_Base_{s}_{f}{n}", names=("Thumb", "Index", "Mid", "Ring", "Pinky")),
        helpers={"upper_arm": ["CC_Base_{s}_UpperarmTwist01"], "thigh": ["CC_Base_{s}_ThighTwist01"]},
    ),
    "Daz Genesis": Body(
        ["hip", "abdomenLower", "abdomenUpper", "chestLower", "chestUpper"], ["neckLower", "neckUpper"], "head",
        ["{s}Collar", "{s}Shldr", "{s}ForeArm", "{s}Hand"], ["{s}Thigh", "{s}Shin", "{s}Foot", "{s}Toe"], sides="lr",
    ),
    "LAFAN and others": Body(
        ["pelvis", "spine1", "spine2", "spine3"], ["neck"], "head",
        ["{s}_collar", "{s}_shoulder", "{s}_elbow", "{s}_wrist"], ["{s}_hip", "{s}_knee", "{s}_ankle", "{s}_foot"],
        sides=("left", "right"),
        fingers={f: [f"{{s}}_{f}{k}" for k in (1, 2, 3)] for f in FINGERS},
    ),
}  # fmt: skip


def named(roles, names):
    return {role: names[joint] for role, joint in roles.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_bone_has_its_role_and_no_helper_has_one(scheme):
    body = SCHEMES[scheme]
    assert named(joint_roles.classify(body.names, body.parents), body.names) == body.wanted


@pytest.mark.parametrize(
    "arm",
    [
        "{Side}Arm", "{side}_arm", "arm_{s}", "Arm.{S}", "{S}_Arm", "{s}Arm", "arm{Side}", "Bip01 {S} UpperArm",
        "{Side}UpperArm", "upper_arm.{S}", "upperarm_{s}", "DEF-upper_arm.{S}", "UpperArm_{S}", "UPPERARM_{S}",
        "{side}UpperArm", "Arm_{Side}", "rig:{Side}Arm",
    ],
)  # fmt: skip
def test_left_and_right_are_told_in_every_spelling(arm):
    names, parents = ["Hips", "Chest"], [-1, 0]
    for side in ("Left", "Right"):
        spelt = arm.format(Side=side, side=side.lower(), S=side[0], s=side[0].lower())
        forearm = spelt.replace("UpperArm", "Arm").replace("upper_arm", "arm").replace("upperarm", "arm")
        forearm = forearm.replace("UPPERARM", "FOREARM").replace("Arm", "ForeArm").replace("arm", "forearm", 1)
        names += [spelt, forearm.replace("Foreforearm", "ForeArm")]
        parents += [1, len(names) - 2]
    roles = joint_roles.classify(names, parents)
    assert {roles[role] for role in ("upper_arm.L", "forearm.L")} == {2, 3}, names
    assert (roles["upper_arm.L"], roles["upper_arm.R"]) == (2, 4)
    assert (roles["forearm.L"], roles["forearm.R"]) == (3, 5)
    assert roles["spine.0"] == 1


def test_names_that_say_nothing_have_no_roles():
    assert joint_roles.classify(["a", "b", "Bone", "Bone.001"], [-1, 0, 1, 2]) == {}
    assert joint_roles.classify([], []) == {}


def test_what_is_changed_in_an_answer_stays_out_of_the_next():
    body = SCHEMES["CMU"]
    joint_roles.classify(body.names, body.parents).clear()
    assert "hips" in joint_roles.classify(body.names, body.parents)


def spines(count, first=0):
    return {f"spine.{n}": first + n for n in range(count)}


@pytest.mark.parametrize("bones", range(2, 8))
@pytest.mark.parametrize("joints", range(2, 8))
def test_spines_of_different_length_are_spread_from_first_to_last(bones, joints):
    pairs = joint_roles.match(spines(joints, 100), spines(bones))
    assert len(pairs) == min(bones, joints)
    assert pairs[0] == 100
    assert pairs[bones - 1] == 100 + joints - 1
    driven = [pairs[bone] for bone in sorted(pairs)]
    assert driven == sorted(set(driven))


def test_one_bone_for_a_whole_chain_takes_the_chest_and_the_neck_its_root():
    assert joint_roles.match(spines(4, 100), spines(1)) == {0: 103}
    assert joint_roles.match({"neck.0": 7, "neck.1": 8}, {"neck.0": 1}) == {1: 7}


def test_one_joint_for_a_whole_chain_drives_one_bone():
    assert joint_roles.match(spines(1, 100), spines(4)) == {0: 100}


def test_roles_that_one_side_lacks_drive_nothing():
    assert joint_roles.match({"hips": 5, "toe.L": 6}, {"hips": 1, "hand.L": 2}) == {1: 5}


@pytest.mark.parametrize("source", SCHEMES)
def test_every_scheme_drives_every_other(source):
    a = SCHEMES[source]
    for b in SCHEMES.values():
        pairs = joint_roles.match(joint_roles.classify(a.names, a.parents), joint_roles.classify(b.names, b.parents))
        driven = {b.names[bone]: a.names[joint] for bone, joint in pairs.items()}
        shared = a.wanted.keys() & b.wanted.keys()
        for role in shared:
            if not role.startswith(("spine", "neck")):
                assert driven[b.wanted[role]] == a.wanted[role]
        assert len(set(driven.values())) == len(driven)
