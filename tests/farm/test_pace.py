"""Chunk sizes: chosen by the time of a frame, and cut anew as a run measures it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import plan, video
from farm.clips import Clips
from farm.pace import Pace
from farm.schedule import Scene, recut
from farm.subjects import Subject
from farm.task import Chunk, Task

from .command_line import interact_farm
from .test_run import SCENES


def task(frames: int, name: str = "20231119_001") -> Task:
    subject = Subject(SceneId.parse(name), frames, (), ())
    return Task(subject, 1, frames, "f", Path("p.mkv"), Path("v.mp4"), Path("/nowhere"), Clips())


def scene(frames: int, size: int, name: str = "20231119_001") -> Scene:
    cut = plan.with_chunks(task(frames, name), size)
    return Scene(cut, deque(cut.missing), to_render=frames)


def ranges(chunks) -> list[tuple[int, int]]:
    return [(chunk.first, chunk.last) for chunk in chunks]


@pytest.mark.parametrize(
    ("frames", "workers", "seconds", "expected"),
    [
        (964_000, 2, None, 120),  # nothing measured
        (72, 2, None, 36),
        (8, 4, None, 10),
        (964_000, 2, 0.1, 600),  # Workbench
        (964_000, 2, 1.0, 60),  # EEVEE
        (964_000, 2, 3.7, 16),
        (964_000, 2, 30.0, 4),  # Cycles: 60 s would be two frames
        (964_000, 2, 0.0, 482_000),
        (1200, 8, 0.1, 150),  # all eight have work
        (72, 8, 0.1, 10),
        (72, 8, 30.0, 4),
    ],
)
def test_a_chunk_is_a_minute_of_work_and_all_workers_have_some(frames, workers, seconds, expected):
    assert plan.chunk_frames(frames, workers, seconds) == expected


def test_no_chunk_is_longer_than_its_scene_or_a_sliver():
    for size in (4, 7, 16, 60, 600):
        chunks = plan.with_chunks(task(451), size).missing
        lengths = [chunk.frames for chunk in chunks]
        assert sum(lengths) == 451
        assert max(lengths) <= size
        assert min(lengths) >= max(lengths) - 1


def test_what_is_between_chunks_of_another_size_is_cut_without_slivers(monkeypatch):
    present = [Chunk(1, 45, "."), Chunk(46, 90, "."), Chunk(181, 225, ".")]
    monkeypatch.setattr(Clips, "rendered", lambda self, task: present)
    missing = plan.with_chunks(task(451), 60).missing
    assert ranges(missing) == [(91, 135), (136, 180), (226, 281), (282, 338), (339, 394), (395, 451)]
    # At the same size every start cuts alike, whatever is there.
    monkeypatch.undo()
    whole = plan.with_chunks(task(451), 60).missing
    kept = [whole[1], whole[2], whole[5]]
    monkeypatch.setattr(Clips, "rendered", lambda self, task: kept)
    assert plan.with_chunks(task(451), 60).missing == tuple(chunk for chunk in whole if chunk not in kept)


def test_what_nobody_has_is_cut_anew_and_the_rest_stays():
    it = scene(480, 120)
    given = it.take_first()
    before = recut(it, 60)
    assert ranges(before) == [(121, 240), (241, 360), (361, 480)]
    assert ranges(it.waiting) == [(121, 180), (181, 240), (241, 300), (301, 360), (361, 420), (421, 480)]
    assert ranges(it.task.chunks) == [(1, 120), *ranges(it.waiting)]
    assert it.task.missing[0] is given
    assert [chunk.path.name for chunk in it.waiting][:2] == ["000121-000180.mkv", "000181-000240.mkv"]
    assert recut(it, 60) == ()
    recut(it, 1000)
    assert ranges(it.waiting) == [(121, 480)]


def test_a_scene_in_which_something_failed_is_not_cut_anew():
    it = scene(480, 120)
    it.tries[240] += 1
    assert recut(it, 10) == ()
    assert ranges(it.waiting) == [(1, 120), (121, 240), (241, 360), (361, 480)]


def test_a_run_that_knows_nothing_begins_with_short_chunks_and_goes_on_with_long_ones():
    scenes = [scene(4000, 120, f"20231119_{n:03d}") for n in range(1, 8)]
    planned = plan.Plan(tuple(it.task for it in scenes))
    pace = Pace(planned, 2, is_fixed=False)
    assert [it for it, _ in pace.begin(scenes)] == scenes[:4]
    assert [{chunk.frames for chunk in it.waiting} for it in scenes[:5]] == [{10}] * 4 + [{117, 118}]
    scenes[0].take_first()
    assert len(pace.take(scenes, 10, 10.0)) == 7  # a second a frame
    assert {max(chunk.frames for chunk in it.waiting) for it in scenes} == {60}
    assert pace.take(scenes, 60, 80.0) == []  # not far from what it was
    for _ in range(9):
        pace.take(scenes, 60, 6.0)
    assert {max(chunk.frames for chunk in it.waiting) for it in scenes} == {570, 572}
    assert all(sum(chunk.frames for chunk in it.task.missing) == 4000 for it in scenes)


def test_a_guess_of_what_frames_will_take_follows_those_before_it():
    scenes = [scene(4000, 120)]
    pace = Pace(plan.Plan((scenes[0].task,)), 2, is_fixed=True)
    assert pace.seconds(10) == plan.CHUNK_SECONDS
    pace.take(scenes, 120, 240.0)
    assert pace.seconds(10) == pytest.approx(1.5 * 2.0 * 10)


def test_a_size_that_the_user_chose_or_that_was_measured_stays():
    scenes = [scene(4000, 120)]
    planned = plan.Plan((scenes[0].task,))
    assert Pace(planned, 2, is_fixed=True).begin(scenes) == []
    assert Pace(planned, 2, is_fixed=True).take(scenes, 10, 300.0) == []
    assert Pace(replace(planned, frame_seconds=0.5), 2, is_fixed=False).begin(scenes) == []


def test_a_run_records_the_chunks_it_cut_and_its_video_is_whole(dataset, template, tmp_path):
    job = Dataset.at(dataset).body_job
    look = ["--template", template, "--engine", "workbench", "--size", "64x36", "--samples", "1"]
    done = interact_farm("body", "render", job, "--data", dataset, "--out", tmp_path, "--workers", 1, *look)
    assert done.returncode == 0, done.stderr
    told = json.loads(interact_farm("runs", "status", "--out", tmp_path, "--json").stdout)
    assert [(t["name"], t["frames"], t["frames_done"], t["failed_attempts"]) for t in told["tasks"]] == [
        (name, 36, 36, 0) for name in SCENES
    ]
    # Ten frames, ten that were ahead, and the rest as one.
    assert told["tasks"][0]["attempts"] == 3
    assert all(video.probe(tmp_path / "body_renders" / f"{name}.mp4").frames == 36 for name in SCENES)
