"""Presets as files: what they say, whose rigs they are taken for, and what is wrong with bad ones."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
import pytest

from blender_addon.dataset import joint_roles, preset_file, presets
from blender_addon.dataset.errors import DatasetError

from .test_joint_roles import SCHEMES

GOOD = """
name = "Mine"
[[detect]]
bones = ["pelvis", "arm_{side}"]
[sides]
L = "left"
R = "right"
[bones]
hips = "pelvis"
spine = ["low", "high"]
upper_arm = "arm_{side}"
"forearm.L" = "elbow left"
index = ["{side}_i1", "{side}_i2 | {side}_second"]
"""


@pytest.fixture(autouse=True)
def no_presets_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv(presets.VARIABLE, str(tmp_path / "user"))


def written(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_ones_are_named_once_and_say_what_they_are():
    found = presets.builtin()
    assert len({preset.name for preset in found}) == len(found) >= 12
    for preset in found:
        assert preset.notes
        assert preset.path.suffix == ".toml"
        assert {"hips", "head", "upper_arm.L", "foot.R"} <= preset.bones.keys(), preset.name


#: Whose presets the schemes of bone names are; the others are told by their names alone.
OWNERS = {
    "InterAct": "InterAct", "Mixamo": "Mixamo", "Unreal": "Unreal 4", "Unreal MetaHuman": "Unreal 5", "CMU": "CMU",
    "Rigify deform": "Rigify", "VRM": "VRoid", "Character Creator": "Character Creator", "LAFAN and others": "SMPL-X",
}  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_preset_is_taken_for_its_own_kind_and_no_other_and_says_what_names_say(scheme):
    body = SCHEMES[scheme]
    found = presets.detect(presets.builtin(), body.names, body.parents)
    assert (found and found.name) == OWNERS.get(scheme)
    if found:
        assert found.roles(body.names, body.parents) == joint_roles.classify(body.names, body.parents)


def test_a_file_says_which_bone_has_which_role(tmp_path):
    preset = preset_file.read(written(tmp_path / "mine.toml"))
    names = ["ns:pelvis", "low", "high", "arm_left", "arm.right", "elbow left", "left_i1", "left_second", "left_i2"]
    parents = [-1, 0, 1, 2, 2, 3, 5, 6, 7]
    assert preset.detail(names) == 3
    found = {role: names[bone] for role, bone in preset.find(names, parents).items()}
    assert found == {
        "hips": "ns:pelvis", "spine.0": "low", "spine.1": "high", "upper_arm.L": "arm_left", "upper_arm.R": "arm.right",
        "forearm.L": "elbow left", "index.1.L": "left_i1", "index.2.L": "left_second",
    }  # fmt: skip
    assert preset.detail(names[1:]) == 0


def test_a_file_of_controls_says_what_follows_them_and_what_is_set(tmp_path):
    text = (
        '[follows]\n"org.{side}" = "arm_{side}"\nlow = "high"\n[[set]]\nbone = "s.{side}"\nproperty = "fk"\nvalue = 1\n'
    )
    preset = preset_file.read(written(tmp_path / "mine.toml", GOOD + text))
    assert preset.of_controls
    assert preset.follows == {"org.left": "arm_left", "org.right": "arm_right", "low": "high"}
    assert preset.settings == (preset_file.Setting("s.left", "fk", 1.0), preset_file.Setting("s.right", "fk", 1.0))
    assert preset.hung(["low", "org.left", "arm_left"], [-1, 0, 0]) == (-1, 2, 0)
    # What a rig lacks is not guessed: the words of a rig of controls fit many of its bones.
    assert preset.roles(["pelvis", "arm_left", "RightForeArm"], [-1, 0, 0]).keys() == {"hips", "upper_arm.L"}


def test_a_spine_that_lacks_a_bone_has_no_gap(tmp_path):
    preset = preset_file.read(written(tmp_path / "mine.toml"))
    assert preset.find(["pelvis", "high"], [-1, 0]) == {"hips": 0, "spine.0": 1}


def test_limbs_that_a_rig_calls_otherwise_are_told_by_their_names(tmp_path):
    preset = preset_file.read(written(tmp_path / "mine.toml"))
    names = ["pelvis", "low", "high", "arm_left", "arm_right", "LeftForeArm"]
    roles = preset.roles(names, [-1, 0, 1, 2, 2, 3])
    assert roles["forearm.L"] == 5
    assert roles["spine.1"] == 2


def test_of_presets_that_fit_the_one_with_most_bones_wins_then_the_one_that_asks_for_more(tmp_path):
    names, parents = ["pelvis", "low", "high", "arm_left", "arm_right"], [-1, 0, 1, 2, 2]
    more = GOOD.replace("Mine", "More").replace('"low"', '"middle", "low"')
    mine, more = preset_file.read(written(tmp_path / "a.toml")), preset_file.read(written(tmp_path / "b.toml", more))
    strict = preset_file.read(
        written(tmp_path / "c.toml", GOOD.replace("Mine", "Strict").replace('"pelvis",', '"pelvis", "low",'))
    )
    assert presets.detect([mine, more], names, parents) == mine
    assert presets.detect([mine, strict], names, parents) == strict
    longer = [*names, "middle"]
    assert presets.detect([mine, strict, more], longer, [*parents, 0]) == more
    assert presets.detect([mine, strict, more], ["a", "b"], [-1, 0]) is None


def test_own_presets_come_before_built_in_ones_and_those_beside_the_template_first(tmp_path):
    user = written(tmp_path / "user" / "mixamo.toml", GOOD.replace("Mine", "Mixamo"))
    beside = written(tmp_path / "template" / "presets" / "mixamo.toml", GOOD.replace("Mine", "Mixamo"))
    only = written(tmp_path / "user" / "only.toml")
    template = tmp_path / "template" / "people.blend"
    assert presets.named(presets.known(), "Mixamo").path == user
    assert presets.named(presets.known(template), "Mixamo").path == beside
    assert presets.named(presets.known(template), "Mine").path == only
    assert presets.own_files(template) == (beside, user, only)
    assert len(presets.known(template)) == len(presets.builtin()) + 1


@pytest.mark.skipif(sys.platform == "win32", reason="HOME does not move the folder there")
def test_the_users_folder_is_where_his_settings_are(tmp_path, monkeypatch):
    monkeypatch.delenv(presets.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert presets.user_folder() == Path(platformdirs.user_config_dir("interact-farm", appauthor=False)) / "presets"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("name", "nome"), "'nome' means nothing in a preset"),
        (('"Mine"', '""'), "needs a line name ="),
        (('"Mine"', "3"), "needs a line name ="),
        (("[[detect]]", "[detect]"), "needs a table [[detect]]"),
        (('bones = ["pelvis"', 'bone = ["pelvis"'), "no 'bone'"),
        (('bones = ["pelvis", "arm_{side}"]', 'without = ["pelvis"]'), "needs bones or patterns"),
        (('["pelvis", "arm_{side}"]', "[1]"), "[[detect]] bones must be a list of names"),
        (('R = "right"', ""), "[sides] has the lines"),
        (('R = "right"', 'R = "left"'), "must be different"),
        (('[sides]\nL = "left"\nR = "right"', ""), "no table [sides]"),
        (('hips = "pelvis"', 'hip = "pelvis"'), "has no role 'hip'"),
        (('hips = "pelvis"', 'hips = ["pelvis"]'), "hips must be the name of one bone"),
        (('hips = "pelvis"', 'hips = "{side}"'), "hips is in the middle"),
        (('spine = ["low", "high"]', 'spine = "low"'), "spine is a list"),
        (('spine = ["low", "high"]', 'spine = ["low", 2]'), "spine must have names"),
        (('upper_arm = "arm_{side}"', 'upper_arm = "arm"'), "upper_arm needs {side}"),
        (('"forearm.L" = "elbow left"', '"forearm.L" = "pelvis"'), "gives 'pelvis' to both hips and forearm.L"),
        (('"forearm.L"', '"upper_arm.L"'), "names upper_arm.L twice"),
        (('"{side}_i1",', '"{side}_i1", "{side}a", "{side}b",'), "index is a list of at most three"),
        (("[bones]", "[bone]"), "means nothing in a preset"),
        (('name = "Mine"', 'name = "Mine"\nprefixes = "a"'), "prefixes must be a list"),
        (('name = "Mine"', "name = "), "cannot be read as TOML"),
        (("[bones]", '[follows]\n"a.{side}" = "b"\n[bones]'), "{side} in both"),
        (("[bones]", "[follows]\na = 3\n[bones]"), "[follows] has lines"),
        (("[bones]", '[[set]]\nbone = "a"\nvalue = 1\n[bones]'), "[[set]] has the lines"),
        (("[bones]", '[[set]]\nbone = "a"\nproperty = "b"\nvalue = "c"\n[bones]'), "value must be a number"),
        (("[bones]", '[[set]]\nbone = "a"\nproperty = "b"\nvalue = nan\n[bones]'), "value must be a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence_that_names_it(tmp_path, change, problem):
    assert change[0] in GOOD
    path = written(tmp_path / "bad.toml", GOOD.replace(*change, 1))
    with pytest.raises(DatasetError) as caught:
        preset_file.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DatasetError, match="cannot be read as TOML"):
        preset_file.read(path)
    path.write_text("#" * (1 << 19))
    with pytest.raises(DatasetError, match="too large"):
        preset_file.read(path)
