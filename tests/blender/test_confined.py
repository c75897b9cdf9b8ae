"""Templates run nothing and write nothing of their own, and a batch reaches no further than its command line says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.reach import Reach
from farm import body, templates, video
from farm.blender import WORKER, Blender
from farm.launch import Launch
from farm.rendering import RenderOptions

SCENE = "20231119_001"
LOOK = batch.Look("workbench", (64, 36), 1)


def in_blender(blender: Blender, *arguments: object) -> None:
    script = [str(Path(__file__).with_name("hostile_template.py")), "--", *map(str, arguments)]
    start = [str(blender.path), "-b", "--factory-startup", "--python"] if blender.path else [sys.executable]
    done = subprocess.run([*start, *script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def plain(blender, dataset, tmp_path_factory) -> Path:
    """The built-in template, by the Blender under test."""
    path = tmp_path_factory.mktemp("plain") / "template.blend"
    templates.make(path, Dataset.at(dataset), blender)
    return path


def marks(folder: Path) -> set[str]:
    return {path.suffix[1:] for path in folder.glob("mark.*")}


def test_a_template_runs_no_code_and_writes_no_file_of_its_own(blender, plain, dataset, tmp_path):
    hostile = tmp_path / "hostile.blend"
    in_blender(blender, "make", plain, hostile, tmp_path / "mark")
    for path in tmp_path.glob("mark.*"):  # a Blender that builds it may well run it
        path.unlink()
    job = tmp_path / "job.txt"
    job.write_text(f"{SCENE}\n")
    options = RenderOptions(
        template=hostile, blender=blender.path, look=LOOK, frames=(1, 3), workers=1, out=tmp_path / "out", mux=False
    )
    (result,) = body.render(job, dataset, options)
    assert result.problem == ""
    video.check(result.file, frames=3, size=(64, 36))
    body.composite(SCENE, dataset, tmp_path / "saved.blend", template=hostile, blender=blender.path)
    assert marks(tmp_path) == set()
    said = " ".join(result.notices)
    assert "Python style modules of Freestyle are left out" in said
    assert "File Output nodes of the compositor are left out" in said
    # It is as bad as it says: somebody who trusts it sees it all.
    in_blender(blender, "open", hostile)
    assert {"text", "driver", "style", "files"} <= marks(tmp_path)


@pytest.fixture
def chunk(plain, dataset, tmp_path) -> batch.RenderChunk:
    output = tmp_path / "out" / "part.mkv"
    return batch.RenderChunk("a", str(dataset), str(plain), SCENE, 1, 2, str(output), LOOK)


def told(events: Path) -> list[dict]:
    return [json.loads(line) for line in events.read_text().splitlines()]


def test_a_batch_reaches_no_further_than_its_command_line_says(blender, chunk, dataset, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    requests = (
        replace(chunk, output=str(elsewhere / "x.mkv")),
        replace(chunk, output=str(tmp_path / "out" / "link" / "elsewhere" / "x.mkv")),
        replace(chunk, output="//x.mkv"),
        replace(chunk, data=str(tmp_path)),
        replace(chunk, template=str(tmp_path / "x.blend")),
        replace(chunk, scene="../../etc/passwd"),
        batch.SaveComposite("s", chunk.data, chunk.template, SCENE, str(elsewhere / "x.blend")),
        batch.MakeTemplate("m", chunk.data, str(elsewhere / "x.blend")),
        batch.MakeFaceTemplate("f", chunk.data, str(elsewhere / "x.blend")),
        batch.TryEngine("t", "workbench", str(elsewhere / "x.png")),
        chunk,
    )
    lines, events = tmp_path / "batch.jsonl", tmp_path / "events.jsonl"
    lines.write_text("\n".join(map(batch.to_line, requests)))
    reach = Reach((str(dataset),), (str(tmp_path / "out"),), (chunk.template,))
    command = Launch(blender, reach).command(str(lines), events)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [event for event in told(events) if event["event"] == "failed"]
    assert len(failed) == len(requests) - 1
    assert all(event["bad_input"] for event in failed)
    assert all(event["error"] in done.stdout + done.stderr for event in failed)  # who starts it by hand sees why
    assert not elsewhere.exists()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["link", "part.mkv"]


def by_hand(blender: Blender, lines: Path, *options: str, environment: dict[str, str] | None = None, opened: str = ""):
    start = [sys.executable, "-P", str(WORKER)]
    if blender.path:
        start = [str(blender.path), "-b", *filter(None, [opened]), "--python", str(WORKER), "--"]
    known = {name: value for name, value in os.environ.items() if name != "INTERACT_DATA"}
    return subprocess.run(
        [*start, str(lines), *options], env=known | (environment or {}), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_a_batch_alone_is_refused_with_what_to_say(blender, chunk, tmp_path):
    lines = tmp_path / "batch.jsonl"
    lines.write_text(batch.to_line(chunk))
    done = by_hand(blender, lines)
    assert done.returncode == 1
    assert (
        f"{chunk.output}: the worker was not told what it may touch; start it with --data" in done.stdout + done.stderr
    )
    done = by_hand(blender, lines, "--data", chunk.data)
    assert done.returncode == 1
    assert f"only in {chunk.data}; the worker's option --template" in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()
    assert by_hand(blender, lines, "--outt", "/").returncode == 2


def test_the_data_set_of_the_environment_and_the_open_file_count_as_said(blender, chunk, tmp_path):
    lines = tmp_path / "batch.jsonl"
    lines.write_text(batch.to_line(chunk))
    named = [] if blender.path else ["--template", chunk.template]
    done = by_hand(
        blender, lines, "--out", str(tmp_path / "out"), *named, environment={"INTERACT_DATA": chunk.data},
        opened=chunk.template,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "part.mkv").is_file()
