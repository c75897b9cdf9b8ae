"""What goes wrong in a run, and what the options for it do, with real workers at 64x36."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blender_addon.dataset.layout import Dataset
from farm import video
from farm.faults import Silence

from .command_line import interact_farm, start_farm
from .test_run import SCENES, alive, chunks, events, wait_for
from .test_runs import rows, told


@pytest.fixture(scope="module")
def render(dataset, template):
    """The arguments of a run of the first frames of both scenes in chunks of three, into a folder."""
    look = "--template", template, "--engine", "workbench", "--size", "64x36", "--samples", "1"
    work = "--data", dataset, "--chunk", 3, "--workers", 1, *look
    return lambda out, *more: ("body", "render", Dataset.at(dataset).body_job, "--out", out, *work, *more)


def workers(out: Path) -> list[int]:
    return [event["pid"] for event in events(out) if event["event"] == "ready"]


def test_a_worker_that_hangs_is_ended_and_its_chunk_rendered_by_another(render, tmp_path):
    # Pictures large enough that there is work left when it hangs, and patience enough for a Blender on a busy machine.
    driver = start_farm(*render(tmp_path, "--frames", "1-9", "--stall", 10, "--size", "640x360"))
    wait_for(lambda: len(chunks(tmp_path)) >= 1)
    (hanging,) = workers(tmp_path)
    os.kill(hanging, signal.SIGSTOP)
    assert driver.wait(120) == 0
    assert not alive(hanging)
    assert len(workers(tmp_path)) == 2
    (failed,) = rows(tmp_path, "SELECT error FROM attempts WHERE outcome = 'failed'")
    assert "gave no sign for" in failed[0]
    for scene in SCENES:
        video.check(tmp_path / "body_renders_noaudio" / f"{scene}.frames-1-9.mkv", frames=9)


def test_how_long_a_worker_may_be_silent_follows_what_was_measured():
    silence = Silence(None)
    before = silence.patience
    silence.heard_after(2.0)
    assert silence.patience == 300
    silence.heard_after(40.0)
    silence.heard_after(1.0)
    assert silence.patience == 1200
    assert before >= 3600
    assert Silence(7.0).patience == 7


def test_a_worker_is_replaced_after_its_share_of_chunks(render, tmp_path):
    done = interact_farm(*render(tmp_path, "--frames", "1-6", "--max-chunks", 2))
    assert done.returncode == 0, done.stderr
    assert len(workers(tmp_path)) == 2
    shares = rows(tmp_path, "SELECT worker, count(*) FROM attempts WHERE outcome = 'done' GROUP BY worker")
    assert shares == [("worker-1", 2), ("worker-2", 2)]
    assert rows(tmp_path, "SELECT * FROM events WHERE kind IN ('worker died', 'chunk failed')") == []


def test_a_worker_that_holds_too_much_memory_is_replaced(render, tmp_path):
    """Any Blender holds more than 1 MB: it ends after the chunk that shows it and the one it had ahead."""
    done = interact_farm(*render(tmp_path, "--frames", "1-6", "--max-memory", 1))
    assert done.returncode == 0, done.stderr
    assert len(workers(tmp_path)) == 2
    assert rows(tmp_path, "SELECT * FROM events WHERE kind IN ('worker died', 'chunk failed')") == []


def test_a_worker_within_its_memory_stays(render, tmp_path):
    done = interact_farm(*render(tmp_path, "--frames", "1-6", "--max-memory", 1_000_000))
    assert done.returncode == 0, done.stderr
    assert len(workers(tmp_path)) == 1


def test_fail_fast_ends_the_run_with_the_first_scene_that_fails(render, tmp_path):
    deadly = tmp_path / "blender"
    program = Path(__file__).with_name("deadly_blender.py")
    deadly.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    deadly.chmod(0o755)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "DEADLY_SCENE": SCENES[0]}
    out = tmp_path / "out"
    options = "--frames", "1-3", "--blender", deadly, "--max-tries", 1, "--fail-fast"
    done = interact_farm(*render(out, *options), env=env)
    assert done.returncode == 1
    assert f"{SCENES[0]}: frames 1-3 failed once" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(out.glob("body_renders_noaudio/*"))
    run = told("runs", "status", "--out", out)
    assert (run["state"], [task["failed_attempts"] for task in run["tasks"]]) == ("failed", [1, 0])


def test_fail_fast_begins_nothing_where_a_line_of_the_job_is_bad(render, dataset, tmp_path):
    (tmp_path / "job.txt").write_text(f"{SCENES[0]}\nhello\n")
    _, _, _, *rest = render(tmp_path / "out", "--fail-fast")
    done = interact_farm("body", "render", tmp_path / "job.txt", *rest)
    assert done.returncode == 1
    assert "'hello' is not a scene" in done.stderr
    assert not workers(tmp_path / "out")


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int):
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=False)
    if made.returncode:
        pytest.skip("this machine does not allow mounts")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(2**16))


def said_until(driver: subprocess.Popen, words: str, seconds: float = 90.0) -> str:
    """What a driver says as errors until these words are among it."""
    until, said = time.monotonic() + seconds, ""
    while words not in said:
        ready, _, _ = select.select([driver.stderr], [], [], until - time.monotonic())
        assert ready, f"{words!r} was not said in time: {said}"
        told = os.read(driver.stderr.fileno(), 2**16)
        assert told, f"it ended without {words!r}: {said}"
        said += told.decode()
    return said


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounts a small disk")
def test_a_disk_that_fills_up_is_waited_for_and_no_scene_fails(render, tmp_path):
    with small_disk(tmp_path / "disk", 100) as disk:
        driver = start_farm(*render(disk, "--frames", "1-12", "--reserve", 50, "--size", "640x360"))
        try:
            wait_for(lambda: len(chunks(disk)) >= 1)
            fill(disk / "filler")
            # What is in work fails meanwhile, and the record cannot be written either.
            before = said_until(driver, "cannot be written")
            os.truncate(disk / "filler", 95 * 2**20)
            wait_for(lambda: "waits for room" in interact_farm("runs", "status", "--out", disk).stdout)
            whole = len(chunks(disk))
            (disk / "filler").unlink()
            _, said = driver.communicate(timeout=120)
            assert driver.returncode == 0, said
        finally:
            driver.kill()
        assert "Traceback" not in before + said
        assert whole < 8
        for scene in SCENES:
            video.check(disk / "body_renders_noaudio" / f"{scene}.frames-1-12.mkv", frames=12)
            assert video.probe(disk / "body_renders" / f"{scene}.frames-1-12.mp4").frames == 12
