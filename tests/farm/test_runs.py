"""The record of a run and the `runs` commands, with real workers at 64x36."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from farm import lock, plan, runs, state, video
from farm.errors import FarmError

from .command_line import interact_farm, start_farm
from .test_run import SCENES, alive, chunks, events, kept_frames, wait_for


def told(*arguments: object):
    """What a command prints as JSON."""
    done = interact_farm(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def record(out: Path) -> Path:
    (path,) = out.glob("farm_runs/state/*.sqlite")
    return path


def rows(out: Path, query: str) -> list[tuple]:
    with closing(state.read(record(out))) as db:
        return [tuple(row) for row in db.execute(query)]


def results(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in out.glob("body_renders*/*")}


def test_a_finished_runs_record_tells_each_scene_chunk_and_attempt(finished):
    (run,) = told("runs", "list", "--out", finished)
    assert run["id"] == record(finished).stem
    assert (run["state"], run["kind"], run["frames"], run["frames_done"]) == ("done", "body", 36, 36)
    assert [(task["name"], task["state"], task["frames"]) for task in run["tasks"]] == [(s, "done", 18) for s in SCENES]
    assert all(task["attempts"] == 6 and task["seconds"] > 0 for task in run["tasks"])
    expected = {(scene, first, first + 2) for scene in SCENES for first in range(1, 19, 3)}
    query = "SELECT task, first, last FROM attempts WHERE outcome = 'done' AND ended > begun AND render_seconds > 0"
    assert sorted(rows(finished, query)) == sorted(expected)
    assert set(rows(finished, "SELECT state, count(*) FROM chunks GROUP BY state")) == {("done", 12)}
    assert run["command"].startswith("interact-farm body render ")
    shown = interact_farm("runs", "status", "--out", finished)
    assert f"{run['id']} done: 36 of 36 frames, 2 of 2 scenes done, 0 failed" in shown.stdout


def test_the_same_rendering_is_the_same_run_and_another_look_another(finished, render, tmp_path):
    out = shutil.copytree(finished, tmp_path / "moved")
    assert interact_farm(*render(out, "--workers", 2, "--chunk", 9)).returncode == 0
    assert rows(out, "SELECT count(*) FROM starts") == [(2,)]
    assert rows(out, "SELECT count(*) FROM attempts") == [(12,)]
    assert interact_farm(*render(out, "--frames", "1-2")).returncode == 0
    both = told("runs", "list", "--out", out)
    assert len({run["id"] for run in both}) == 2
    assert [run["frames"] for run in both] == [4, 36]
    assert told("runs", "status", "--out", out)["frames"] == 4


def test_a_log_is_what_blender_said_of_that_scene(finished):
    said = {s: interact_farm("runs", "log", record(finished).stem[:8], s, "--out", finished).stdout for s in SCENES}
    whole = next(finished.glob("farm_runs/logs/*/worker-1.log")).read_text()
    for scene in SCENES:
        assert said[scene]
        assert said[scene] in whole
    unknown = interact_farm("runs", "log", record(finished).stem, "20991231_001", "--out", finished)
    assert unknown.returncode == 1
    assert "no such scene" in unknown.stderr


def test_a_run_is_watched_cancelled_and_retried_from_another_shell(finished, render, tmp_path):
    # Pictures large enough that the run outlasts the start of two commands.
    driver = start_farm(*render(tmp_path, "--workers", 2, "--size", "640x360"))
    wait_for(lambda: len(chunks(tmp_path)) >= 2)
    run = told("runs", "status", "--out", tmp_path)
    while not (run["state"] == "running" and run["workers"] and run["frames_done"] > 0):
        assert driver.poll() is None
        run = told("runs", "status", "--out", tmp_path)
    assert (run["pid"], run["frames"]) == (driver.pid, 36)
    assert {task["state"] for task in run["tasks"]} <= {"waiting", "rendering", "joining", "done"}
    cancelled = interact_farm("runs", "cancel", run["id"], "--out", tmp_path)
    assert cancelled.returncode == 0, cancelled.stderr
    assert driver.wait(60) == 130
    assert not any(alive(event["pid"]) for event in events(tmp_path) if event["event"] == "ready")
    assert told("runs", "status", "--out", tmp_path)["state"] == "stopped"
    again = interact_farm("runs", "cancel", run["id"], "--out", tmp_path)
    assert (again.returncode, "does not run" in again.stderr) == (1, True)
    retried = interact_farm("runs", "retry", run["id"], "--out", tmp_path)
    assert retried.returncode == 0, retried.stderr
    after = told("runs", "status", "--out", tmp_path)
    assert (after["id"], after["state"], after["frames_done"]) == (run["id"], "done", 36)
    whole = "SELECT count(*) FROM attempts WHERE outcome = 'done' GROUP BY task, first, last HAVING count(*) > 1"
    assert rows(tmp_path, whole) == []
    for path in results(finished):
        assert video.probe(tmp_path / path.relative_to(finished)).frames == 18


def test_a_deleted_record_loses_no_frame(render, tmp_path):
    # Pictures large enough that the first scene is not whole before the driver is killed.
    arguments = render(tmp_path, "--workers", 1, "--size", "640x360")
    driver = start_farm(*arguments)
    wait_for(lambda: len(chunks(tmp_path)) >= 3)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert told("runs", "status", "--out", tmp_path)["state"] == "killed"
    kept = chunks(tmp_path)
    refused = interact_farm("runs", "clean", record(tmp_path).stem, "--out", tmp_path)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert chunks(tmp_path) == kept
    shutil.rmtree(tmp_path / "farm_runs" / "state")
    frames = kept_frames(tmp_path, 18)
    assert told(*arguments, "--dry-run")["frames_to_render"] == 36 - frames
    assert interact_farm(*arguments).returncode == 0
    assert rows(tmp_path, "SELECT count(*) FROM attempts") == [(12 - frames // 3,)]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"no database" * 999), "file is not a database"),
        (lambda path: _set_version(path, 99), "is of version 99"),
    ],
)
def test_a_record_that_cannot_be_used_is_set_aside_with_one_sentence(finished, render, tmp_path, spoil, words):
    out = shutil.copytree(finished, tmp_path / "out")
    spoil(record(out))
    listed = interact_farm("runs", "list", "--out", out)
    assert listed.returncode == 0
    assert words in listed.stderr
    before = results(out)
    done = interact_farm(*render(out))
    assert done.returncode == 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list(out.glob("farm_runs/state/*.sqlite.aside-*"))) == 1
    assert results(out) == before
    assert told("runs", "status", "--out", out)["state"] == "done"


def _set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")


def test_rendering_goes_on_where_no_record_can_be_written(finished, render, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    shutil.rmtree(out / "farm_runs" / "state")
    (out / "farm_runs" / "state").write_text("in the way")
    (out / "body_renders" / f"{SCENES[0]}.frames-1-18.mp4").unlink()
    done = interact_farm(*render(out))
    assert done.returncode == 0, done.stderr
    assert "without a record" in done.stderr
    assert (out / "body_renders" / f"{SCENES[0]}.frames-1-18.mp4").is_file()


def test_a_failed_scene_shows_its_log_and_is_retried_alone(render, tmp_path):
    deadly = tmp_path / "blender"
    program = Path(__file__).with_name("deadly_blender.py")
    deadly.write_text(f'#!/bin/sh\necho "it breaks here"\nexec "{sys.executable}" "{program}" "$@"\n')
    deadly.chmod(0o755)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    out = tmp_path / "out"
    done = interact_farm(
        *render(out, "--blender", deadly, "--workers", 1), env=env | {"DEADLY_SCENE": SCENES[0]}
    )  # fmt: skip
    assert done.returncode == 1
    run = told("runs", "status", "--out", out)
    assert run["state"] == "failed"
    (failure,) = run["failures"]
    assert failure["task"] == SCENES[0]
    assert "failed 3 times" in failure["problem"]
    assert {t["name"]: (t["state"], t["failed_attempts"]) for t in run["tasks"]} == {
        SCENES[0]: ("failed", 3),
        SCENES[1]: ("done", 0),
    }
    (out / "body_renders" / f"{SCENES[1]}.frames-1-18.mp4").unlink()
    retried = interact_farm(
        "runs", "retry", run["id"], "--failed", "--out", out, "--json", env=env | {"DEADLY_SCENE": "none"}
    )
    assert retried.returncode == 0, retried.stderr
    assert [result["scene"] for result in json.loads(retried.stdout)] == [SCENES[0]]
    assert not (out / "body_renders" / f"{SCENES[1]}.frames-1-18.mp4").exists()
    assert {task["state"] for task in told("runs", "status", "--out", out)["tasks"]} == {"done"}


def test_clean_leaves_the_results_and_nothing_else(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    for folder, name in (
        ("body_renders_noaudio", f"{SCENES[0]}.frames-1-18.mkv.123.partial"),
        ("body_renders", "x.mp4.partial"),
    ):
        (out / folder / name).write_bytes(b"half")
    (out / "body_renders" / f"{SCENES[1]}.frames-1-18.mp4.partial").write_bytes(b"half")
    before = results(finished)
    done = interact_farm("runs", "clean", record(out).stem, "--out", out)
    assert done.returncode == 0, done.stderr
    kept = {path.relative_to(out) for path in results(out)}
    # A partial file of no scene of this run is not its to remove.
    assert kept == {path.relative_to(finished) for path in before} | {Path("body_renders/x.mp4.partial")}
    assert not [path for path in (out / "farm_runs").rglob("*") if path.is_file() and path.name != "lock"]


def test_clean_removes_what_a_killed_driver_left_of_finished_scenes(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    (folder,) = rows(out, f"SELECT folder FROM tasks WHERE name = '{SCENES[0]}'")[0]
    others = "-".join([folder.rpartition("-")[0], "0123456789abcdef"])  # of another run, which wants it
    for name in (folder, others):
        (out / "farm_runs" / "chunks" / name).mkdir(parents=True)
        (out / "farm_runs" / "chunks" / name / "000001-000003.mkv").write_bytes(b"whole")
    (out / "farm_runs" / "template-0123.here-12.partial.blend").write_bytes(b"half")
    (out / "body_renders" / plan.PROBE).write_bytes(b"x")
    done = interact_farm("runs", "clean", record(out).stem, "--out", out)
    assert done.returncode == 0, done.stderr
    left = {path.relative_to(out) for path in out.rglob("*") if path.is_file() and path.name != "lock"}
    wanted = Path("farm_runs", "chunks", others, "000001-000003.mkv")
    assert left == {path.relative_to(finished) for path in results(finished)} | {wanted}


def test_clean_removes_nothing_outside_its_folder(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    own = tmp_path / "own"
    own.mkdir()
    (own / "precious").write_text("keep")
    with closing(sqlite3.connect(record(out))) as db, db:
        db.execute("UPDATE starts SET logs = ?", (str(own),))
        db.execute("UPDATE tasks SET folder = '../../../own'")
    runs.clean(plan.Outputs(out), record(out).stem, force=True)
    assert (own / "precious").read_text() == "keep"


def test_nobody_is_signalled_but_the_driver(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    outputs, name = plan.Outputs(out), record(out).stem
    with lock.held(outputs.runs, name):
        facts = json.loads((outputs.runs / "lock.json").read_text())
        # The number of a living process that is not the one which took the lock.
        (outputs.runs / "lock.json").write_text(json.dumps(facts | {"born": "1"}))
        with pytest.raises(FarmError, match="is not its driver"):
            runs.cancel(outputs, name)
        (outputs.runs / "lock.json").write_text(json.dumps(facts | {"host": "elsewhere"}))
        with pytest.raises(FarmError, match="runs on elsewhere"):
            runs.cancel(outputs, name)


def test_a_folder_without_runs_is_one_sentence(tmp_path):
    for command in (["status"], ["verify"], ["log", "x", "y"], ["retry", "x"], ["cancel", "x"], ["clean", "x"]):
        done = interact_farm("runs", *command, "--out", tmp_path)
        assert done.returncode == 1
        assert "no runs here" in done.stderr
    assert list(tmp_path.iterdir()) == []
