"""What making and using the built-in template tells the user."""

from __future__ import annotations

import json
from pathlib import Path

from blender_addon.dataset import databases, presets
from blender_addon.dataset.layout import Dataset
from farm import body, templates
from farm.plan import Outputs


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
