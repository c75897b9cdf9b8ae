"""What is planned from what is there: chunks, strangers' videos, changed input."""

from __future__ import annotations

import sqlite3

from blender_addon.dataset import batch, databases, jobs
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import body, plan, rendering

from .command_line import interact_farm
from .noise import encode
from .test_run import SCENES


def test_chunks_fill_the_gaps_between_those_that_are_there(dataset, tmp_path):
    outputs = plan.Outputs(tmp_path)
    scene = SceneId.parse(SCENES[0])
    options = {"template_fingerprint": "t", "look": batch.Look()}
    (task,) = plan.make([scene], Dataset.at(dataset), outputs, chunk=9, **options).tasks
    assert [(c.first, c.last) for c in task.missing] == [(1, 9), (10, 18), (19, 27), (28, 36)]
    whole = task.missing[1].path
    whole.parent.mkdir(parents=True)
    encode(whole, 9)
    (whole.parent / "000028-000036.mkv").write_bytes(whole.read_bytes()[:-200])  # cut short: rendered again
    (task,) = plan.make([scene], Dataset.at(dataset), outputs, chunk=100, **options).tasks
    assert [(c.first, c.last) for c in task.present] == [(10, 18)]
    assert [(c.first, c.last) for c in task.missing] == [(1, 9), (19, 36)]


def test_a_strangers_video_is_kept(dataset, tmp_path):
    scene = SceneId.parse(SCENES[0])
    path = plan.Outputs(tmp_path).clip(scene)
    path.parent.mkdir(parents=True)
    encode(path, 36)
    options = {"template_fingerprint": "t", "look": batch.Look()}
    (task,) = plan.make([scene], Dataset.at(dataset), plan.Outputs(tmp_path), **options).tasks
    assert task.done
    assert "not made by interact-farm" in task.notices[0]
    (task,) = plan.make([scene], Dataset.at(dataset), plan.Outputs(tmp_path), overwrite=True, **options).tasks
    assert not task.done


def test_changed_input_changes_the_plan_for_its_scene_alone(damaged):
    outputs = plan.Outputs(damaged.root)
    scenes = [SceneId.parse(scene) for scene in SCENES]

    def fingerprints(template: str = "t") -> list[str]:
        planned = plan.make(scenes, damaged, outputs, template_fingerprint=template, look=batch.Look())
        return [task.fingerprint for task in planned.tasks]

    before = fingerprints()
    motion = damaged.motion(scenes[0].performance("001"))
    motion.write_text(motion.read_text().replace("Frame Time: 0.03333333", "Frame Time: 0.03333334"))
    after = fingerprints()
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert not set(fingerprints("another template")) & set(after)


def test_a_readable_plan_needs_no_blender_and_no_write(damaged, monkeypatch):
    monkeypatch.setenv("PATH", "")
    prepared = rendering.prepare(body.BODY, damaged.body_job, damaged.root)
    assert prepared.to_do.frames_missing == 72
    with sqlite3.connect(damaged.actors_db) as db:
        db.execute("DELETE FROM sessions WHERE date = '20231126'")
    prepared = rendering.prepare(body.BODY, damaged.body_job, damaged.root)
    assert "20231126_002" in prepared.to_do.failures


def test_parts_of_a_label_that_show_nothing_are_told_once_with_the_scenes(ten, tmp_path):
    data, outputs = Dataset.at(ten), plan.Outputs(tmp_path)
    bodies = jobs.read(data.body_job, SceneId).ids
    faces = [name.performance(actor) for name in bodies[:2] for actor in databases.session_of(data, name).actors][:2]
    assert len(bodies) == 10

    def told(names, *label: str) -> tuple[str, ...]:
        return plan.make(names, data, outputs, template_fingerprint="t", look=batch.Look(label=label)).notices

    assert told(bodies, "id", "frame", "emotion") == ()
    only = "only recordings of --set lip_acc are of sentences"
    named = ", ".join(str(name) for name in bodies[:3])
    assert told(bodies, "emotion", "sentence") == (f"--label sentence: shows nothing in {named} and 7 more: {only}",)
    assert told(faces, "sentence") == (f"--label sentence: shows nothing in {faces[0]}, {faces[1]}: {only}",)
    # Of what cannot be rendered at all this is not said.
    assert told([SceneId("20231119", "899")], "sentence") == ()


def test_what_a_label_cannot_show_is_no_error_and_told_beside_the_plan(dataset, tmp_path):
    arguments = "--data", dataset, "--out", tmp_path, "--label", "frame,sentence", "--dry-run"
    done = interact_farm("body", "render", Dataset.at(dataset).body_job, *arguments)
    assert done.returncode == 0, done.stderr
    assert " ".join(done.stderr.split()).count(f"note --label sentence: shows nothing in {', '.join(SCENES)}: ") == 1
