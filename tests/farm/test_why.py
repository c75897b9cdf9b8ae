"""A dry run says for each scene why it would be rendered: with real results, of which one thing is changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch, databases
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from farm import body, face, plan, rendering, state, why
from farm.pictures import path_of

from .command_line import interact_farm
from .conftest import FACES
from .test_run import SCENES, encode

FRAMES = (1, 18)
LOOK = batch.Look("workbench", (64, 36), 1)


@pytest.fixture(scope="module")
def rendered(dataset, template, finished, faces, tmp_path_factory) -> Path:
    """A data set of its own with body scenes as clips and two faces as pictures."""
    root = shutil.copytree(dataset, tmp_path_factory.mktemp("why") / "data")
    shutil.copy(template, root / "own.blend")
    (root / "faces.txt").write_text("\n".join(FACES))
    for out, kind in ((finished, "body"), (faces, "face")):
        for folder in (f"{kind}_renders", f"{kind}_renders_noaudio", "farm_runs/state"):
            shutil.copytree(out / folder, root / folder, dirs_exist_ok=True)
    return root


@pytest.fixture
def root(rendered, tmp_path) -> Path:
    """A copy to change."""
    return shutil.copytree(rendered, tmp_path / "data")


def prepared(root: Path, look: batch.Look = LOOK, **more) -> rendering.Prepared:
    options = rendering.RenderOptions(
        template=root / "own.blend", look=look, frames=FRAMES, chunk=6, workers=1, **more
    )  # fmt: skip
    return rendering.prepare(body.BODY, Dataset.at(root).body_job, root, options)


def reasons(root: Path, look: batch.Look = LOOK, **more) -> dict[str, list[tuple[str, str]]]:
    made = prepared(root, look, **more)
    told = why.explain(made.to_do, made.outputs, overwrite=made.options.overwrite)
    assert [made.to_do.tasks[k].done for k in range(2)] == [
        [reason.kind for reason in told[name]] == ["finished"] for name in SCENES
    ]
    return {name: [(reason.kind, reason.text) for reason in told[name]] for name in SCENES}


def face_reasons(root: Path) -> dict[str, list[tuple[str, str]]]:
    look = batch.Look("workbench", (64, 64), 1)
    options = rendering.RenderOptions(look=look, frames=(1, 12), workers=1, pictures=True, actors="mannequin")
    made = rendering.prepare(face.FACE, root / "faces.txt", root, options)
    told = why.explain(made.to_do, made.outputs)
    return {name: [(reason.kind, reason.text) for reason in told[name]] for name in FACES}


FINISHED = [("finished", "finished")]


def test_what_is_finished_is_not_rendered(root):
    assert reasons(root) == dict.fromkeys(SCENES, FINISHED)


def test_a_changed_motion_is_named_and_changes_its_scene_alone(root):
    motion = Dataset.at(root).motion(SceneId.parse(SCENES[0]).performance("002"))
    motion.write_text(motion.read_text() + "\n")
    assert reasons(root) == {
        SCENES[0]: [("motion", f"motion changed: {motion.name}")],
        SCENES[1]: FINISHED,
    }


def test_changed_weights_and_those_that_are_gone_are_named(root):
    dataset = Dataset.at(root)
    first, second = (dataset.face_arkit(SceneId.parse(SCENES[1]).performance(a)) for a in actors(dataset, SCENES[1]))
    np.save(first, np.load(first) * 0.5)
    second.unlink()
    assert reasons(root) == {
        SCENES[0]: FINISHED,
        SCENES[1]: [
            ("weights", f"face weights changed: {first.name}"),
            ("weights", f"face weights gone: {second.name}"),
        ],
    }


def actors(dataset: Dataset, scene: str) -> tuple[str, ...]:
    return databases.session_of(dataset, SceneId.parse(scene)).actors


def test_settings_and_template_are_told_apart(root):
    look = batch.Look("workbench", (96, 54), 2, label=("id",))
    changed = [
        ("settings", "size changed: 96x54, was 64x36"),
        ("settings", "samples changed: 2, was 1"),
        ("settings", "label changed: id, was none"),
    ]
    assert reasons(root, look) == dict.fromkeys(SCENES, changed)
    pinned = [("settings", "feet are pinned now")]
    assert reasons(root, replace(LOOK, pin_feet=True)) == dict.fromkeys(SCENES, pinned)
    with open(root / "own.blend", "ab") as file:
        file.write(b" ")
    assert reasons(root) == {name: [("template", "template changed")] for name in SCENES}


def test_another_version_of_the_program_is_a_reason(root, monkeypatch):
    monkeypatch.setattr(plan, "__version__", "9.9")
    told = reasons(root)[SCENES[0]]
    assert [kind for kind, _ in told] == ["program"]
    assert told[0][1].startswith("interact-farm changed: 9.9, was ")


def test_a_file_that_is_gone_or_damaged_is_named(root):
    first, second = (plan.Outputs(root).clip(SceneId.parse(name), FRAMES) for name in SCENES)
    first.unlink()
    second.write_bytes(second.read_bytes()[:300])
    assert reasons(root) == {
        SCENES[0]: [("damaged", f"was finished, but {first.name} is gone")],
        SCENES[1]: [("damaged", f"damaged: {second.name}")],
    }


def test_what_was_begun_goes_on_and_a_damaged_chunk_is_named(root):
    """Scenes that another look began: of one the first chunk is there, of the other a half."""
    look = batch.Look("workbench", (64, 36), 2)
    first, second = prepared(root, look).to_do.tasks
    clip = plan.Outputs(root).clip(SceneId.parse(SCENES[0]), FRAMES)
    for task in (first, second):
        task.folder.mkdir(parents=True)
    encode(first.folder / "000001-000006.mkv", 6)
    (second.folder / "000001-000006.mkv").write_bytes(clip.read_bytes()[:500])
    was = ("settings", "samples changed: 2, was 1")
    assert reasons(root, look) == {
        SCENES[0]: [was, ("resumed", "resumed: frames 1-6 are there")],
        SCENES[1]: [was, ("damaged", "damaged: 000001-000006.mkv")],
    }


def test_overwrite_is_the_reason_where_it_is_one_and_nothing_new_is_new(root, tmp_path):
    assert reasons(root, overwrite=True) == {name: [("overwrite", "--overwrite")] for name in SCENES}
    assert reasons(root, out=tmp_path / "elsewhere") == {name: [("new", "new")] for name in SCENES}


def test_without_the_records_it_says_that_it_does_not_know(root):
    shutil.rmtree(plan.Outputs(root).state)
    look = batch.Look("workbench", (96, 54), 1)
    assert reasons(root) == dict.fromkeys(SCENES, FINISHED)
    unknown = [("changed", "made from something else, of which there is no record")]
    assert reasons(root, look) == dict.fromkeys(SCENES, unknown)


def test_records_only_explain(root):
    """Whatever they say, the same is rendered."""
    motion = Dataset.at(root).motion(SceneId.parse(SCENES[0]).performance("001"))
    motion.write_text(motion.read_text() + "\n")
    for path in plan.Outputs(root).state.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE made_from SET parts = '[1, 2'")
    assert state.made_from(plan.Outputs(root).state) == {}
    assert reasons(root) == {
        SCENES[0]: [("changed", "made from something else, of which there is no record")],
        SCENES[1]: FINISHED,
    }


def test_pictures_are_explained_one_by_one(root):
    folders = [plan.Outputs(root).pictures(PerformanceId.parse(name)) for name in FACES]
    assert face_reasons(root) == {name: [("join", "all frames are rendered")] for name in FACES}
    path_of(folders[0], 3).unlink()
    path_of(folders[1], 5).write_bytes(path_of(folders[1], 5).read_bytes()[:100])
    path_of(folders[1], 6).write_bytes(path_of(folders[1], 7).read_bytes())
    assert face_reasons(root) == {
        FACES[0]: [("resumed", "resumed: frames 1-2, 4-12 are there")],
        FACES[1]: [
            ("damaged", "damaged: 0005.png, 0006.png"),
            ("resumed", "resumed: frames 1-4, 7-12 are there"),
        ],
    }
    weights = Dataset.at(root).face_weights(PerformanceId.parse(FACES[0]))
    np.save(weights, np.load(weights) * 0.5)
    assert face_reasons(root)[FACES[0]] == [("weights", f"face weights changed: {weights.name}")]


def test_the_command_tells_it_in_its_table_and_as_json(root):
    motion = Dataset.at(root).motion(SceneId.parse(SCENES[0]).performance("001"))
    motion.write_text(motion.read_text() + "\n")
    command = [
        "body", "render", Dataset.at(root).body_job, "--data", root, "--template", root / "own.blend", "--engine",
        "workbench", "--size", "64x36", "--samples", 1, "--frames", "1-18", "--dry-run",
    ]  # fmt: skip
    shown = interact_farm(*command).stdout
    assert f"motion changed: {motion.name}" in shown
    told = json.loads(interact_farm(*command, "--json").stdout)
    assert [[reason["kind"] for reason in task["why"]] for task in told["tasks"]] == [["motion"], ["finished"]]


def test_a_motion_from_the_other_folder_is_told_with_both(root):
    motion = Dataset.at(root).motion(SceneId.parse(SCENES[0]).performance("001"))
    motion.unlink()
    assert reasons(root)[SCENES[0]] == [
        ("motion", f"motion new: bvhs/{motion.name}"),
        ("motion", f"motion gone: bvhs_retarget/{motion.name}"),
    ]
