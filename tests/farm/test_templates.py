"""What making and using the built-in template tells the user."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch, databases, presets
from blender_addon.dataset.blendshapes import ICT_NAMES
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId
from farm import body, face, rendering, saving, templates
from farm.errors import FarmError
from farm.plan import Outputs
from farm.rendering import RenderOptions
from farm.videos import compare
from farm.videos.motion_source import Source

from .conftest import FACES

#: As of a template of people with their ICT heads, wherever their data lie.
MAKE_PEOPLE = batch.MakeTemplate("template", "data", "template.blend", "people", "ict")


def test_making_a_template_names_the_actors_without_a_body(dataset, template):
    data = Dataset.at(dataset)
    moving = {path.stem.split("_")[1] for path in data.bvhs.glob("*.bvh")}
    still = sorted(databases.actors(data).keys() - moving)
    assert still
    notices = json.loads(template.with_name("notices.json").read_text())
    assert [notice.partition(":")[0] for notice in notices] == [f"actor {who}" for who in still]
    assert all("no body in the template" in notice for notice in notices)


def test_who_composites_a_scene_is_not_told_of_actors_of_others(dataset, tmp_path):
    scene = min(path.stem for path in Path(dataset, "bvhs").glob("*.bvh"))
    date, _, scenario = scene.split("_")
    assert body.composite(f"{date}_{scenario}", dataset, tmp_path / "scene.blend", actors="mannequin") == ()


@pytest.fixture
def headless(damaged) -> Dataset:
    """The data set with a basis of the ICT keys and no head at all."""
    damaged.ict_basis.parent.mkdir(exist_ok=True)
    np.save(damaged.ict_basis, np.zeros((len(ICT_NAMES), 12), np.float32))
    return damaged


def planned(kind, data, out, names, **options):
    job = out.with_suffix(".txt")
    job.write_text("\n".join(names))
    chosen = RenderOptions(**{"actors": "mannequin"} | options, out=out)
    return rendering.prepare(kind, job, data.root, chosen).to_do


def notices_of_run(kind, data, out, names, **options):
    return planned(kind, data, out, names, **options).notices


def test_a_run_tells_of_heads_of_the_actors_that_its_job_names_and_of_no_others(headless, tmp_path):
    lacking = "keeps the people's face, his ICT head is not there"
    assert len(databases.actors(headless)) > 2
    for number, names in enumerate((FACES[:1], FACES[1:], FACES)):
        told = notices_of_run(face.FACE, headless, tmp_path / str(number), names)
        assert [text.partition(" (")[0] for text in told] == [f"actor {n.split('_')[1]}: {lacking}" for n in names]
    # Also the run that finds the template of an earlier one there, which had everybody's heads.
    found = templates.choose_face(headless, Outputs(tmp_path / "0")).path
    found.parent.mkdir(parents=True)
    found.write_bytes(b"BLENDER")
    assert notices_of_run(face.FACE, headless, tmp_path / "0", FACES[1:])[0].startswith(f"actor {FACES[1][9:12]}: ")


def test_a_run_of_bodies_tells_of_the_ict_heads_of_its_people_alone(headless, tmp_path):
    scene = f"{FACES[0][:8]}_{FACES[0][-3:]}"
    shutil.copy(next(headless.bvhs.glob("*.bvh")), headless.bvhs / "20240101_007_099.bvh")
    chosen = replace(templates.choose(headless, Outputs(tmp_path)), request=MAKE_PEOPLE)
    kind = replace(body.BODY, template=lambda *_: chosen)
    told = notices_of_run(kind, headless, tmp_path / "out", [scene])
    assert [text[:9] for text in told] == ["actor 001", "actor 002"]
    assert "007" in databases.actors(headless)


def test_who_composites_a_face_is_not_told_of_heads_of_others(headless, tmp_path):
    (told,) = face.composite(FACES[1], headless.root, tmp_path / "face.blend", actors="mannequin")
    assert told.startswith(f"actor {FACES[1].split('_')[1]}: keeps the people's face")


#: Templates that are there, and what is wrong with them.
BROKEN = {"cut short": ("v 0 0 0\n" * 299, "has 299 vertices, and"), "empty": ("", "is no OBJ file")}


@pytest.fixture(params=BROKEN)
def broken(request, headless) -> tuple[Dataset, str]:
    """The data set with a broken head of actor 002, and how the sentence about it begins."""
    content, problem = BROKEN[request.param]
    path = headless.face_ict_template("002")
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return headless, f"{path}: {problem}"


def bodies_on_ict_heads(data: Dataset, folder: Path) -> rendering.Kind:
    chosen = replace(templates.choose(data, Outputs(folder)), request=MAKE_PEOPLE)
    return replace(body.BODY, template=lambda *_: chosen)


def test_a_broken_head_fails_what_shows_its_actor_and_nothing_else(broken, tmp_path):
    data, problem = broken
    (date, _, scenario), (other, broken_face) = FACES[0].split("_"), FACES
    assert broken_face.split("_")[1] == "002"
    scene = f"{date}_{scenario}"
    remedy = "; repair it, or remove it to render actor 002 with the built-in face"
    runs = ((face.FACE, FACES, broken_face, [other]), (bodies_on_ict_heads(data, tmp_path), [scene], scene, []))
    for kind, names, fails, goes_on in runs:
        to_do = planned(kind, data, tmp_path / kind.name, names)
        assert list(to_do.failures) == [fails]
        assert to_do.failures[fails].startswith(problem)
        assert to_do.failures[fails].endswith(remedy)
        assert [task.name for task in to_do.tasks] == goes_on
        assert not [notice for notice in to_do.notices if "002" in notice]
    # Without the file, actor 002 is as any other who has no head of his own.
    data.face_ict_template("002").unlink()
    for kind, names, _, _ in runs:
        assert not planned(kind, data, tmp_path / kind.name, names).failures


def test_who_does_not_render_an_actor_hears_nothing_of_his_broken_head(broken, tmp_path):
    data, _ = broken
    to_do = planned(face.FACE, data, tmp_path / "out", FACES[:1])
    assert not to_do.failures
    assert not [notice for notice in to_do.notices if "002" in notice]
    # Mannequins' bodies, and people with MakeHuman's faces, wear no ICT heads.
    assert not planned(body.BODY, data, tmp_path / "body", [f"{FACES[0][:8]}_{FACES[0][-3:]}"]).failures


def test_who_composites_a_broken_head_is_told_before_blender_starts(broken, tmp_path):
    data, problem = broken
    none = tmp_path / "no blender"
    with pytest.raises(FarmError, match=re.escape(problem)):
        face.composite(FACES[1], data.root, tmp_path / "face.blend", actors="mannequin", blender=none)
    scene = f"{FACES[0][:8]}_{FACES[0][-3:]}"
    chosen = bodies_on_ict_heads(data, tmp_path).template()
    with pytest.raises(FarmError, match=re.escape(problem)):
        saving.save(scene, data, tmp_path / "scene.blend", chosen, blender=none)


def test_a_broken_head_is_compared_in_no_video(broken, tmp_path):
    data, problem = broken
    model = tmp_path / "model"
    shutil.copytree(data.root, model)
    sources = [Source(folder, folder.name) for folder in (data.root, model)]
    how = RenderOptions(actors="mannequin", blender=tmp_path / "no blender")
    (result,) = compare.compare(tmp_path / "out.mp4", sources, [PerformanceId.parse(FACES[1])], how=how)
    assert result.problem.startswith(problem)


def test_another_preset_of_the_users_is_another_template(dataset, tmp_path, monkeypatch):
    data, outputs = Dataset.at(dataset), Outputs(tmp_path / "out")
    own = tmp_path / "own.blend"
    own.write_bytes(b"BLENDER")
    monkeypatch.setenv(presets.VARIABLE, str(tmp_path / "user"))
    seen = {(templates.choose(data, outputs).fingerprint, templates.choose(data, outputs, own).fingerprint)}
    for path in (tmp_path / "user" / "mine.toml", tmp_path / "presets" / "mine.toml"):
        path.parent.mkdir()
        for text in ("a", "b"):
            path.write_text(text)
            seen.add((templates.choose(data, outputs).fingerprint, templates.choose(data, outputs, own).fingerprint))
    builtin, users = zip(*seen, strict=True)
    assert (len(set(builtin)), len(set(users))) == (3, 5)
    assert templates.choose(data, outputs).path == templates.choose(data, outputs).path


def test_what_only_built_in_actors_have_is_told_of_a_template_of_ones_own(dataset, tmp_path):
    own = tmp_path / "own.blend"
    own.write_bytes(b"BLENDER")
    data, outputs = Dataset.at(dataset), Outputs(tmp_path)
    assert templates.choose(data, outputs, own).notices == ()
    chosen = templates.choose(data, outputs, own, faces="ict", rig="mixamo")
    assert chosen.notices == ("--faces ict and --rig mixamo: only of built-in actors; own.blend has its own",)
