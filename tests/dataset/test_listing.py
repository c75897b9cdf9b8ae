"""A job as a list, what of it is rendered, and a data set in numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blender_addon.dataset import bvh, jobs, lengths, listing, results
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

FIRST = SceneId("20231119", "001")


def read(path: Path, *lines: str, kind: type = SceneId) -> jobs.Job:
    job = path / "job.txt"
    job.write_text("\n".join(lines))
    return jobs.read(job, kind)


def test_every_line_is_listed_once_with_who_plays_and_how_long(dataset, tmp_path):
    job = read(tmp_path, "20231119_001", "nonsense", "20231119_001", "20990101_001", "20231119_899")
    entries, problems = listing.entries(Dataset.at(dataset), job)
    assert problems == []
    assert [(entry.line, entry.name) for entry in entries] == [
        (1, "20231119_001"), (2, "nonsense"), (4, "20990101_001"), (5, "20231119_899"),
    ]  # fmt: skip
    first = entries[0]
    assert (first.actors, first.seconds, first.problem) == (("001", "002"), pytest.approx(1.2), "")
    assert first.emotion
    assert "is not a scene" in entries[1].problem
    assert "no session of 20990101" in entries[2].problem
    assert "no such file" in entries[3].problem


def test_faces_are_listed_by_their_weights(dataset, tmp_path):
    job = read(tmp_path, "20231119_001_001", "20231119_001_899", kind=PerformanceId)
    entries, _ = listing.entries(Dataset.at(dataset), job)
    assert (entries[0].actors, entries[0].seconds) == (("001",), pytest.approx(1.2))
    assert "no such file" in entries[1].problem


def test_without_a_data_set_or_its_databases_the_ids_are_listed(dataset, tmp_path):
    job = read(tmp_path, "20231119_001")
    assert listing.entries(None, job) == ([listing.Entry(1, "20231119_001", FIRST)], [])
    copied = shutil.copytree(dataset, tmp_path / "copy")
    (copied / "actors.db").write_bytes(b"nothing")
    (entry,), problems = listing.entries(Dataset.at(copied), job)
    assert "actors.db: cannot be read" in problems[0]
    assert entry.problem


def test_a_declared_length_is_read_from_the_head_alone(dataset, tmp_path):
    path = Dataset.at(dataset).motion(FIRST.performance("001"))
    frames, frame_time = bvh.read_declared(path)
    assert frames == bvh.read_header(path).frames == lengths.of_motion(path)
    assert frame_time == pytest.approx(1 / 30, rel=1e-3)
    cut = tmp_path / "cut.bvh"
    cut.write_bytes(path.read_bytes()[: path.read_bytes().index(b"MOTION")])
    with pytest.raises(DatasetError, match=r"cut\.bvh: does not say how many frames"):
        bvh.read_declared(cut)
    with pytest.raises(DatasetError, match="no such file"):
        bvh.read_declared(tmp_path / "none.bvh")


def test_states_follow_the_output_folders(tmp_path):
    names = [SceneId("20231119", f"{n:03d}") for n in range(1, 5)]
    assert results.states(tmp_path / "nowhere", names) == [results.NONE] * 4
    for folder in ("body_renders", "body_renders_noaudio", f"{results.RUNS_FOLDER}/chunks/{names[2]}-0123456789abcdef"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "body_renders" / f"{names[0]}.mp4").touch()
    (tmp_path / "body_renders" / f"{names[3]}.frames-1-5.mp4").touch()
    (tmp_path / "body_renders_noaudio" / f"{names[1]}.mkv").touch()
    assert results.states(tmp_path, names) == [results.DONE, results.PARTLY, results.PARTLY, results.NONE]
    face = PerformanceId("20231119", "001", "001")
    (tmp_path / "face_renders_noaudio" / str(face)).mkdir(parents=True)
    assert results.states(tmp_path, [face, names[0]]) == [results.PARTLY, results.DONE]


def test_a_data_set_in_numbers(dataset, tmp_path):
    assert listing.summary(Dataset.at(dataset))[0] == "4 motions of 2 scenes"
    assert "4 voices" in listing.summary(Dataset.at(dataset))[1]
    copied = shutil.copytree(dataset, tmp_path / "copy")
    (copied / "actors.db").unlink()
    assert "actors.db: no such file" in listing.summary(Dataset.at(copied))[-1]
