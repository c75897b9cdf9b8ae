"""What making and using the built-in template tells the user."""

from __future__ import annotations

import json
from pathlib import Path

from blender_addon.dataset import databases
from blender_addon.dataset.layout import Dataset
from farm import body


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
