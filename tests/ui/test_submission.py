"""A job given to the farm from Blender: begun, looked at without waiting, cancelled and gone on with; the real farm."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import SceneId
from blender_addon.ui.farm_process import Detached, last_lines
from blender_addon.ui.submission import Places, Submission
from farm import video
from tests.blender.window import launcher

SCENES = [SceneId("20231119", "001"), SceneId("20231126", "002")]
#: Pictures large enough that a run outlasts the command that cancels it.
LOOK = ["--engine", "workbench", "--size", "320x180", "--samples", "1", "--workers", "1"]


@pytest.fixture
def places(dataset: Path, tmp_path: Path) -> Places:
    return Places(launcher(tmp_path), dataset, tmp_path / "out")


def _unscheduled() -> float:
    """How long this thread was ready and had no processor, seconds: a busy machine's doing. 0 where nothing tells."""
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.is_file() else 0.0


def _until(submission: Submission, condition, seconds: float = 300) -> list[float]:
    """Look as the window does until a condition holds; how long each look took that had a processor."""
    until, took = time.monotonic() + seconds, []
    while not condition():
        assert time.monotonic() < until, (submission.state, submission.problem, last_lines(submission.log))
        begun = time.monotonic() - _unscheduled()
        submission.look()
        took.append(time.monotonic() - _unscheduled() - begun)
        time.sleep(0.05)
    return took


def _submitted(places: Places, template: Path, *more: str) -> Submission:
    submission = Submission.new(places, SCENES)
    shutil.copyfile(template, submission.template)
    command = ["body", "render", str(submission.job), *places.options, "--template", str(submission.template), "--json"]
    submission.start([*command, *LOOK, *more])
    return submission


def test_a_job_is_rendered_cancelled_and_gone_on_with_from_another_session(places, template):
    first = _submitted(places, template, "--chunk", "3")
    assert first.state == "starting"
    _until(first, lambda: first.status.get("frames_done", 0) >= 3)
    assert first.state == "running"
    first.cancel()
    took = _until(first, lambda: first.is_over)
    assert first.state == "stopped"
    assert max(took) < 0.2
    later = Submission.newest(places)
    assert (later.folder, later.is_over) == (first.folder, False)
    _until(later, lambda: later.is_over)
    assert (later.state, later.run) == ("stopped", first.run)
    kept = later.status["frames_done"]
    assert 3 <= kept < 72
    later.retry()
    _until(later, lambda: later.is_over)
    assert (later.state, later.status["frames_done"], later.problem) == ("done", 72, "")
    for scene in SCENES:
        video.check(places.output / "body_renders" / f"{scene}.mp4", frames=36, size=(320, 180))


def test_what_cannot_begin_says_why(places):
    submission = Submission.new(places, SCENES)
    submission.start(["body", "render", str(submission.job), *places.options, "--template", "no such.blend"])
    _until(submission, lambda: submission.is_over)
    assert submission.state == "failed"
    assert "no such.blend" in submission.problem
    with pytest.raises(DatasetError, match="never began it"):
        submission.retry()


def test_a_program_that_is_not_there_is_one_sentence(places, tmp_path):
    submission = Submission.new(Places(tmp_path / "nothing", places.data, places.output), SCENES)
    with pytest.raises(DatasetError, match="nothing: does not start"):
        submission.start(["body"])
    with pytest.raises(DatasetError, match="nothing was submitted"):
        Submission.newest(Places(places.farm, places.data, tmp_path / "elsewhere"))


def test_two_jobs_of_one_second_have_folders_of_their_own(places):
    folders = {Submission.new(places, SCENES).folder for _ in range(4)}
    assert len(folders) == 4


def test_a_detached_command_is_of_a_session_of_its_own(tmp_path):
    process = Detached(["sh", "-c", "ps -o sid= -p $$; echo $$"], tmp_path / "log")
    until = time.monotonic() + 60
    while process.exit_code is None and time.monotonic() < until:
        time.sleep(0.02)
    session, pid = (int(line) for line in last_lines(tmp_path / "log"))
    assert session == pid
