"""The panel's ways without a window, in every Blender: what its operators do, say when they cannot, and undo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from farm import body
from farm.blender import Blender

SCENES = ("20231119_001", "20231126_002")
ROOT = Path(__file__).resolve().parents[2]


def run(blender: Blender, script: str, *arguments: object) -> None:
    start = [str(blender.path), "-b", "--factory-startup", "--python"] if blender.path else [sys.executable]
    command = [*start, str(Path(__file__).with_name(script)), "--", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(blender, tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("panel")


@pytest.fixture(scope="module")
def facts(blender: Blender, dataset: Path, template: Path, folder: Path) -> dict:
    job = folder / "job.txt"
    job.write_text("".join(f"{scene}\n" for scene in SCENES) + "20231119_899\nnonsense\n")
    run(blender, "use_panel.py", ROOT, dataset, template, job, folder)
    return json.loads((folder / "facts.json").read_text())


def test_before_there_is_a_data_set_the_operators_say_what_to_do(facts):
    composite, clear, detect = facts["grey"]
    assert "Choose the data set's root folder first" in composite
    assert "Nothing is composited in this Blender scene" in clear
    assert "Choose the data set's root folder first" in detect


def test_a_data_set_and_a_job_fill_the_lists(facts):
    assert "4 motions of 2 scenes" in facts["found"]
    assert facts["problem"] == ""
    assert [line[:4] for line in facts["lines"][:2]] == [
        [SCENES[0], "001 002", 1.2, "NONE"], [SCENES[1], "003 007", 1.2, "NONE"],
    ]  # fmt: skip
    assert [line[3] for line in facts["lines"][2:]] == ["BAD", "BAD"]
    assert "no such file" in facts["lines"][2][4]
    assert "'nonsense' is not a scene" in facts["lines"][3][4]


def test_rigs_are_found_counted_and_saved(facts):
    assert facts["detected"] == "FINISHED"
    assert [rig[0] for rig in facts["rigs"]] == ["001", "002", "003", "007"]
    assert all(rig[1:] == [f"actor_{rig[0]}", 60, 60, 51, 51, ""] for rig in facts["rigs"])
    assert facts["saved"] == "FINISHED"
    assert '[actors.001]\narmature = "actor_001"' in facts["table"]


def test_a_check_tells_what_is_missing(facts):
    assert facts["checked"] == "FINISHED"
    assert [text for text, bad in facts["findings"] if bad and "no such file" in text]
    assert ["20231119_899: scenarios.db has no scenario 899", False] in facts["findings"]
    assert not any(text.startswith(f"{scene}:") for scene in SCENES for text, _ in facts["findings"])


def test_a_composited_scene_has_motion_faces_and_sound_and_undo_takes_it_back(facts):
    before, after = facts["before"], facts["after"]
    assert facts["composite"] == "FINISHED"
    assert before["actions"] == 0
    assert after["actions"] >= 4
    assert after["strips"] == ["20231119_001_001", "20231119_002_001"]
    assert (after["sync"], after["frames"], after["composited"]) == ("AUDIO_SYNC", [1, 36], SCENES[0])
    assert after["shown"] == ["actor_001", "actor_002"]
    assert facts["undone"] == before
    assert facts["redone"] == after
    assert facts["cleared"] == "FINISHED"
    assert facts["after clear"] == before


def test_all_scenes_have_a_blender_scene_of_their_own_once(facts):
    assert facts["all"] == facts["all again"] == "FINISHED"
    made = {name: found for name, found in facts["scenes"].items() if name in SCENES}
    assert {name: found[:2] for name, found in made.items()} == {name: [name, 36] for name in SCENES}
    assert [found[2] for found in made.values()] == [
        ["actor_001.001", "actor_002.001"], ["actor_003.001", "actor_007.001"],
    ]  # fmt: skip
    assert facts["scenes again"] == sorted(facts["scenes"])


def test_bad_input_is_told_in_the_panel_and_changes_nothing(facts):
    assert "nowhere: no such folder; choose the data set's root folder" in facts["missing root"]
    assert "gone.txt: no such job file" in facts["no job"]
    assert facts["job is back"] == "FINISHED"
    report, problem, lines = facts["job deleted"]
    assert "gone.txt: no such job file" in report
    assert "gone.txt: no such job file" in problem
    assert lines == 0
    report, problem, actions = facts["rig removed"]
    assert "actor 001" in problem
    assert problem in report
    assert actions == 0
    report, problem = facts["cannot be saved"]
    assert "rigs.toml: cannot be written" in problem
    assert problem in report
    report, problem = facts["bad table"]
    assert "rigs.toml: cannot be read as TOML" in problem
    assert problem in report


def test_a_template_with_python_in_it_runs_none(facts):
    assert facts["hostile"] == ["FINISHED", "FINISHED", False]


def test_single_files_are_imported_on_what_is_active(facts):
    assert "Select an armature first" in facts["nothing chosen"][0]
    assert "Select a mesh with shape keys first" in facts["nothing chosen"][1]
    assert facts["bvh"] == facts["bvh dropped"] == facts["weights"] == "FINISHED"
    body, face, frames = facts["imported"]
    assert body.startswith("20231119_001_001")
    assert face.startswith("20231119_001_001")
    assert frames == 250
    report, problem = facts["no bvh"]
    assert "is not a BVH file" in problem
    assert problem in report
    assert "none.csv: no such file" in facts["no weights"]


def test_disabling_leaves_nothing_behind(facts):
    wanted = {"INTERACT_OT_composite", "INTERACT_FH_bvh", "INTERACT_FH_weights", "INTERACT_PT_main_view"}
    assert wanted | {"InteractScene", "interact"} <= set(facts["there"])
    assert "blender_addon.ui.import_operators" in facts["there"]
    assert facts["left"] == facts["left again"] == []
    assert facts["timers"] is False


def test_the_panel_composites_what_the_command_line_does(facts, blender, dataset, template, folder):
    body.composite(SCENES[0], dataset, folder / "command.blend", template=template, blender=blender.path)
    for name in ("composited", "command"):
        run(blender, "dump_scene.py", folder / f"{name}.blend", folder / f"{name}.npz")
    panel, command = (dict(np.load(folder / f"{name}.npz")) for name in ("composited", "command"))
    assert panel.keys() == command.keys()
    assert any(key.endswith("/heads") for key in panel)
    for key, wanted in command.items():
        assert (panel[key] == wanted).all(), key
