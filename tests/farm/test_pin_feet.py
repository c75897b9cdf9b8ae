"""Pinned feet from the command line to the worker: what is asked for is done, told, and rendered again."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.reach import Reach
from farm import body, plan, rendering
from farm.blender import Blender
from farm.commands.batch import finish_command
from farm.launch import Launch

from .command_line import interact_farm
from .conftest import FACES

SCENE = "20231119_001"


def test_composite_measures_without_saving(dataset, template):
    done = interact_farm(
        "body", "composite", SCENE, "--data", dataset, "--template", template, "--pin-feet", "--report", "--json"
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["saved"] is None
    assert [(foot["actor"], foot["foot"]) for foot in facts["report"]["feet"]] == [
        ("001", "left"), ("001", "right"), ("002", "left"), ("002", "right")
    ]  # fmt: skip
    for foot in facts["report"]["feet"]:
        assert foot["frames"] == 36  # they stand and talk
        assert foot["pinned_mm"] <= foot["rig_mm"]
    wrists = facts["report"]["wrists"]
    assert wrists["rig_mm"] == pytest.approx(wrists["captured_mm"], abs=5)  # on rigs of their own size
    assert any(notice.startswith("standing feet slid ") for notice in facts["notices"])


def test_composite_needs_something_to_do(dataset):
    done = interact_farm("body", "composite", SCENE, "--data", dataset)
    assert done.returncode == 2
    assert "--save" in done.stderr
    assert "--report" in done.stderr


def test_a_worker_pins_what_is_asked_for_and_composites_anew_for_it(dataset, template, tmp_path):
    files = str(dataset), str(template), SCENE
    small = batch.Look("workbench", (64, 36), 1)
    requests = (
        batch.SaveComposite("saved", *files, str(tmp_path / "a.blend"), pin_feet=True, report=True),
        batch.SaveComposite("plain", *files, str(tmp_path / "b.blend")),
        batch.RenderChunk("frame", *files, 5, 5, str(tmp_path / "c.mkv"), small),
        batch.RenderChunk("pinned", *files, 5, 5, str(tmp_path / "d.mkv"), replace(small, pin_feet=True)),
    )
    lines, events = tmp_path / "batch.jsonl", tmp_path / "events.jsonl"
    lines.write_text("\n".join(map(batch.to_line, requests)))
    command = Launch(Blender(None, "module"), Reach.of(requests)).command(str(lines), events)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    told = [json.loads(line) for line in events.open()]
    assert done.returncode == 0, done.stderr
    composited = {e["id"]: [n for n in e["notices"] if "feet" in n] for e in told if e["event"] == "composited"}
    assert {name: len(notices) for name, notices in composited.items()} == {
        "saved": 1, "plain": 0, "frame": 0, "pinned": 1
    }  # fmt: skip
    reports = {event["id"]: event.get("report") for event in told if event["event"] == "saved"}
    assert set(reports["saved"]) == {"feet", "wrists", "lowered_mm"}
    assert reports["plain"] is None


def test_pinned_feet_are_another_picture_and_older_results_stay_what_they_were():
    plain, pinned = (plan.made_from("t", batch.Look("workbench", pin_feet=pin)) for pin in (False, True))
    assert "look pin_feet" not in plain
    assert pinned == plain | {"look pin_feet": True}


def test_a_run_that_is_started_again_and_the_end_of_a_split_pin_as_well(tmp_path):
    options = rendering.RenderOptions(look=batch.Look(pin_feet=True))
    facts = json.loads(json.dumps(rendering.as_facts(options, tmp_path)))
    assert rendering.from_facts(facts).look.pin_feet
    del facts["look"]["pin_feet"]  # of a run before there was such an option
    assert not rendering.from_facts(facts).look.pin_feet
    assert "--pin-feet" in finish_command(body.BODY, tmp_path / "job.txt", tmp_path, options)
    assert "--pin-feet" not in finish_command(body.BODY, tmp_path / "job.txt", tmp_path, rendering.RenderOptions())


def test_faces_have_no_feet(dataset, tmp_path):
    job = tmp_path / "faces.txt"
    job.write_text("\n".join(FACES))
    refused = interact_farm("batch", "write", job, "--data", dataset, "--out", tmp_path, "--parts", 1, "--pin-feet")
    assert refused.returncode == 2
    assert "--pin-feet is for bodies" in refused.stderr
