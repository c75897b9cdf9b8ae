"""Who renders what, on many workers and machines: with stand-ins, in virtual time."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import plan, runs, state
from farm.errors import FarmError
from farm.faults import Faults
from farm.result import SceneResult
from farm.run import Run, Settings
from farm.subjects import Subject
from farm.task import Task

from .standin import Clock, StandInMedium, StandIns


class Farm:
    """A run of scenes with so many frames each, on stand-ins."""

    def __init__(
        self, folder: Path, lengths: dict[str, int], workers: int, chunk: int = 10, reserve: int = 0, **executor
    ) -> None:
        self.outputs = plan.Outputs(folder)
        clock = Clock()
        self.executor = StandIns(clock, self.outputs.logs, workers, **executor)
        medium = StandInMedium(made=self.executor.made)
        tasks = []
        for name, frames in lengths.items():
            scene = SceneId.parse(f"20231119_{name}")
            places = self.outputs.clip(scene), self.outputs.video(scene), self.outputs.runs / name
            task = Task(Subject(scene, frames, (), ()), 1, frames, "f", *places, medium)
            tasks.append(plan.with_chunks(task, chunk))
        identity = state.Identity("body-00000000", "body", "job.txt", str(folder), {})
        record = state.Record(folder, self.outputs.state, identity, print, clock)
        settings = Settings(folder / "t.blend", batch.Look(), mux=False, faults=Faults(reserve=reserve), chunk=chunk)
        self.run = Run(
            plan.Plan(tuple(tasks), chunk_frames=chunk), Dataset(folder), self.outputs, self.executor, settings,
            record, clock=clock,
        )  # fmt: skip

    def execute(self) -> list[SceneResult]:
        return self.run.execute()

    def notes(self, kind: str) -> list[str]:
        """The record's events of a kind."""
        return [text for found, text in self.rows("SELECT kind, text FROM events") if found == kind]

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.outputs.state / "body-00000000.sqlite")) as db:
            return db.execute(query).fetchall()


def problems(results: list[SceneResult]) -> dict[str, str]:
    return {result.scene: result.problem for result in results if result.problem}


def test_every_frame_is_rendered_once_and_the_workers_end_together(tmp_path):
    lengths = {"001": 400, "002": 90, "003": 200, "004": 35, "005": 300}
    farm = Farm(tmp_path, lengths, 4, frame=lambda scene, frame: 1.0)
    assert problems(farm.execute()) == {}
    did = [it for worker in farm.executor.all for it in worker.did]
    assert len(did) == len(set(did))
    ranges = {name: [] for name in lengths}
    for it in did:
        scene, _, span = it.partition(":")
        ranges[scene.removeprefix("20231119_")].append(tuple(map(int, span.split("-"))))
    for name, frames in lengths.items():
        covered = [frame for first, last in ranges[name] for frame in range(first, last + 1)]
        assert sorted(covered) == [*range(1, frames + 1)]
    # 1025 s of work: four workers of 2 s start take 258 s, and none is idle for longer than a chunk at the end.
    ends = [worker.ended for worker in farm.executor.all]
    assert len(ends) == 4
    assert max(ends) < 1025 / 4 + 2 + 10 + 1
    assert max(len(worker.did) for worker in farm.executor.all) - min(len(w.did) for w in farm.executor.all) <= 2


def test_a_worker_keeps_to_its_scene_and_the_longest_comes_first(tmp_path):
    farm = Farm(tmp_path, {"001": 100, "002": 300, "003": 200}, 2, frame=lambda scene, frame: 1.0)
    farm.execute()
    first, second = ([it.partition(":")[0][-3:] for it in worker.did] for worker in farm.executor.all)
    assert first[:25] == ["002"] * 25
    assert second[:20] == ["003"] * 20
    assert second[20:28] == ["001"] * 8


def test_a_machine_on_which_three_scenes_fail_is_set_aside_and_they_are_rendered_elsewhere(tmp_path):
    farm = Farm(
        tmp_path, {f"{n:03d}": 30 for n in range(1, 9)}, 2, hosts=["good", "bad"], frame=lambda scene, frame: 1.0,
        frame_on={"bad": lambda scene, frame: None},
    )  # fmt: skip
    assert problems(farm.execute()) == {}
    assert farm.executor.hosts == ["good"]
    assert [text.partition(":")[0] for text in farm.notes("machine set aside")] == ["bad"]
    assert not any(worker.did for worker in farm.executor.all if worker.host == "bad")
    assert {task.state for task in runs.status(farm.outputs).tasks} == {"done"}


def test_a_worker_begins_nothing_that_its_machine_does_not_live_to_see(tmp_path):
    farm = Farm(
        tmp_path, {"001": 600, "002": 600}, 2, chunk=40, frame=lambda scene, frame: 1.0, lifetime=300.0,
    )  # fmt: skip
    assert problems(farm.execute()) == {}
    assert all(worker.exit_code == 0 for worker in farm.executor.all)
    # 1,200 s of work in lives of 300 s: more than four workers, each of which does what fits.
    assert 5 <= len(farm.executor.all) <= 9
    assert {worker.name for worker in farm.executor.all[:-2]} <= set(farm.executor.left)
    assert farm.notes("worker died") == []


def test_where_nothing_ever_works_on_the_only_machine_the_run_ends_with_a_sentence(tmp_path):
    farm = Farm(tmp_path, {f"{n:03d}": 30 for n in range(1, 9)}, 2, frame=lambda scene, frame: None)
    with pytest.raises(FarmError, match=r"here: 3 scenes failed one after another and nothing was rendered \(2023"):
        farm.execute()
    # Far from three tries of each of the scenes.
    assert len(farm.executor.all) <= 9


def test_the_only_machine_goes_on_after_scenes_that_fail_once_it_has_rendered_any(tmp_path):
    lengths = {"001": 60} | {f"{n:03d}": 30 for n in range(2, 9)}
    bad = {"20231119_003", "20231119_004", "20231119_005", "20231119_006"}
    farm = Farm(tmp_path, lengths, 1, frame=lambda scene, frame: None if scene in bad else 1.0)
    results = farm.execute()
    assert set(problems(results)) == bad
    assert all("failed 3 times" in problem for problem in problems(results).values())
    assert farm.notes("machine set aside") == []


def test_a_disk_error_while_a_chunk_is_checked_is_a_try_that_failed(tmp_path, monkeypatch):
    check, errors = StandInMedium.check, [OSError(errno.EIO, "Input/output error", "chunk.mkv"), PermissionError("no")]

    def fails_twice(self, task, chunk):
        if chunk.first == 11 and errors:
            raise errors.pop(0)
        return check(self, task, chunk)

    monkeypatch.setattr(StandInMedium, "check", fails_twice)
    farm = Farm(tmp_path, {"001": 30}, 1, frame=lambda scene, frame: 1.0)
    assert problems(farm.execute()) == {}
    failed = farm.rows("SELECT first, error FROM attempts WHERE outcome = 'failed'")
    assert failed == [(11, "chunk.mkv: Input/output error"), (11, "no")]


def test_a_disk_error_while_a_scene_is_joined_fails_that_scene_alone(tmp_path, monkeypatch):
    def fails(self, task, chunks):
        if task.name.endswith("001"):
            raise OSError(errno.ESTALE, "Stale file handle", "video.mkv")

    monkeypatch.setattr(StandInMedium, "assemble", fails)
    farm = Farm(tmp_path, {"001": 30, "002": 30}, 1, frame=lambda scene, frame: 1.0)
    assert problems(farm.execute()) == {"20231119_001": "video.mkv: Stale file handle"}


def test_an_output_folder_that_goes_away_ends_the_run_with_a_sentence(tmp_path):
    out, gone = tmp_path / "out", tmp_path / "gone"
    out.mkdir()

    def frame(scene, number):
        if number == 25 and out.exists():
            out.rename(gone)
        return 1.0

    farm = Farm(out, {"001": 60}, 1, frame=frame, reserve=1)
    with pytest.raises(FarmError, match=r"out: the output folder went away \(No such file"):
        farm.execute()
    assert all(worker.exit_code is not None for worker in farm.executor.all)
