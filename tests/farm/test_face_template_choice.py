"""Which file the heads of a run come from: the one that is named, else the data set's own, else the built-in one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blender_addon.dataset import batch, databases, jobs
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId
from farm import plan, templates
from farm.errors import FarmError


@pytest.fixture
def data(dataset, tmp_path) -> Dataset:
    return Dataset.at(shutil.copytree(dataset, tmp_path / "data"))


def test_the_option_wins_over_the_data_sets_own_and_that_over_the_built_in_one(data, tmp_path):
    outputs = plan.Outputs(tmp_path)
    built = templates.choose_face(data, outputs)
    assert built.builtin
    assert built.path.parent == outputs.runs
    data.face_template.write_bytes(b"BLENDER-v405")
    own = templates.choose_face(data, outputs)
    assert (own.path, own.builtin) == (data.root / "scripts" / "face_ict_to_render.blend", False)
    named = Path(shutil.copy(data.face_template, tmp_path / "mine.blend"))
    assert templates.choose_face(data, outputs, named).path == named
    named.write_text("no .blend")
    for path, lack in ((named, "is no .blend file"), (tmp_path / "none.blend", "no such template")):
        with pytest.raises(FarmError, match=lack):
            templates.choose_face(data, outputs, path)


def fingerprints(data: Dataset, folder: Path) -> dict[str, str]:
    """By performance, of what decides its pictures."""
    outputs = plan.Outputs(folder)
    template = templates.choose_face(data, outputs)
    names = jobs.read(data.face_job, PerformanceId).ids
    planned = plan.make(
        names, data, outputs, template_fingerprint=template.fingerprint, actors=template.actors, look=batch.Look()
    )
    assert not planned.failures
    return {task.name: task.fingerprint for task in planned.tasks}


def changed(before: dict[str, str], now: dict[str, str]) -> set[str]:
    """The actors whose pictures are others now."""
    return {name.split("_")[1] for name in before if before[name] != now[name]}


def test_another_head_is_another_picture_of_its_actor_alone_and_another_file(data, tmp_path):
    everybody = {name.split("_")[1] for name in fingerprints(data, tmp_path)}
    assert len(everybody) > 1
    seen = [fingerprints(data, tmp_path)]
    paths = {templates.choose_face(data, plan.Outputs(tmp_path)).path}
    data.ict_basis.write_bytes(b"a basis")
    seen.append(fingerprints(data, tmp_path))
    assert changed(*seen) == everybody
    paths.add(templates.choose_face(data, plan.Outputs(tmp_path)).path)
    head = data.face_ict_template("001")
    head.parent.mkdir(exist_ok=True)
    for content in ("v 0 0 0\n", "v 0 0 1\n"):
        head.write_text(content)
        seen.append(fingerprints(data, tmp_path))
        assert changed(*seen[-2:]) == {"001"}
        paths.add(templates.choose_face(data, plan.Outputs(tmp_path)).path)
    assert len(paths) == len(seen)
    assert fingerprints(data, tmp_path) == seen[-1]


def test_recordings_of_others_that_come_later_change_no_picture(data, tmp_path):
    outputs = plan.Outputs(tmp_path)
    (known, *_) = sorted(data.bvhs.glob("*.bvh"))
    own = known.stem.split("_")[1]
    other = next(actor for actor in databases.actors(data) if not list(data.bvhs.glob(f"*_{actor}_*.bvh")))
    before = templates.choose(data, outputs)
    shutil.copy(known, data.bvhs / f"20240101_{other}_099.bvh")
    now = templates.choose(data, outputs)
    assert now.path != before.path
    assert now.fingerprint == before.fingerprint
    assert now.actors[own] == before.actors[own]
    assert now.actors[other] != before.actors[other]
