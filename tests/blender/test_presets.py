"""In the bpy module and each Blender application: the rig that its own Rigify makes, and one of another family."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh, rest_pose
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import body
from farm.blender import Blender

SCENE = SceneId("20231119", "001")

#: What each actor's rig calls the bones along an arm, a leg and two fingers, after the joints of the capture.
JOINTS = [("Shoulder", "Arm"), ("Arm", "ForeArm"), ("ForeArm", "Hand"), ("UpLeg", "Leg"), ("Leg", "Foot"),
          ("HandIndex1", "HandIndex2"), ("HandThumb2", "HandThumb3")]  # fmt: skip
RIGS = {
    "001": ("Rigify controls", "DEF-{bone}.{side}", {
        "Shoulder": "shoulder", "Arm": "upper_arm", "ForeArm": "forearm", "Hand": "hand", "UpLeg": "thigh",
        "Leg": "shin", "Foot": "foot", "HandIndex1": "f_index.01", "HandIndex2": "f_index.02",
        "HandThumb2": "thumb.02", "HandThumb3": "thumb.03",
    }),
    "002": ("Character Creator", "CC_Base_{side}_{bone}", {
        "Shoulder": "Clavicle", "Arm": "Upperarm", "ForeArm": "Forearm", "Hand": "Hand", "UpLeg": "Thigh",
        "Leg": "Calf", "Foot": "Foot", "HandIndex1": "Index1", "HandIndex2": "Index2", "HandThumb2": "Thumb2",
        "HandThumb3": "Thumb3",
    }),
}  # fmt: skip


@pytest.fixture(scope="module")
def composited(blender: Blender, dataset: Path, tmp_path_factory: pytest.TempPathFactory):
    """What was told of a composite on rigs made by the Blender, and what it evaluates in it."""
    folder = tmp_path_factory.mktemp("presets")
    start = [str(blender.path), "-b", "--factory-startup", "--python"] if blender.path else [sys.executable]
    rigs, saved, facts = (str(folder / name) for name in ("rigs.blend", "scene.blend", "facts.npz"))

    def run(script: str, *files: str) -> None:
        command = [*start, str(Path(__file__).with_name(script)), "--", *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert Path(files[-1]).is_file(), done.stdout + done.stderr

    run("make_rigs.py", rigs)
    notices = body.composite(str(SCENE), dataset, saved, template=rigs, blender=blender.path)
    run("dump_scene.py", saved, facts)
    return notices, dict(np.load(facts))


@pytest.mark.parametrize("actor", RIGS)
def test_the_preset_is_found_and_what_it_moves_points_where_the_capture_does(composited, dataset, actor):
    notices, facts = composited
    preset, spelling, bones = RIGS[actor]
    assert f"actor {actor}: the bones are known by the preset {preset}" in notices
    motion = bvh.read(Dataset.at(dataset).motion(SCENE.performance(actor)))
    wanted = np.einsum("ij,bjn->bni", rest_pose.TO_BLENDER["Y"], bvh.forward_kinematics(motion)[0])
    names, heads = list(facts[f"Actor_{actor}/bones"]), facts[f"Actor_{actor}/heads"]
    for side in ("Left", "Right"):
        for start, end in JOINTS:
            a, b = (heads[:, names.index(spelling.format(side=side[0], bone=bones[joint]))] for joint in (start, end))
            c, d = (wanted[motion.skeleton.names.index(side + joint)] for joint in (start, end))
            sine = np.linalg.norm(np.cross(b - a, d - c), axis=1)
            assert np.degrees(np.arctan2(sine, ((b - a) * (d - c)).sum(1))).max() < 0.5, (side, start)
