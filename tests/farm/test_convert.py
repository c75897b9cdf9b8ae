"""Files of ICT weights to ARKit weights and to vertices: names, what stays, what is refused, and how."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from blender_addon.dataset import blendshapes, ict_arkit, ict_vertices
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from farm import convert
from farm.errors import FarmError

from .command_line import interact_farm

FRAMES, VERTICES = 30, 12


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def faces(tmp_path, rng):
    """A folder of three performances' weights."""
    folder = tmp_path / "face_ict"
    folder.mkdir()
    for name in ("20231119_001_001", "20231119_002_001", "20231126_003_002"):
        np.save(folder / f"{name}.npy", rng.uniform(0, 1, (FRAMES, 55)).astype(np.float32))
    return folder


@pytest.fixture
def data(tmp_path, rng):
    """A data set with a basis, and the heads of actors 001, of quads, and 003, of an n-gon and without faces."""
    dataset = Dataset(tmp_path / "data")
    for path in (dataset.ict_basis, dataset.face_ict_template("001")):
        path.parent.mkdir(parents=True)
    np.save(dataset.ict_basis, rng.normal(size=(55, VERTICES * 3)).astype(np.float32))
    for actor, faces in (("001", "f 1 2 3 4\nf 5/1 6/1 7/1\n"), ("003", "f 1 2 3 4 5\n"), ("004", "")):
        lines = [f"v {x} {y} {z}\n" for x, y, z in rng.normal(0, 10, (VERTICES, 3)).round(4)]
        dataset.face_ict_template(actor).write_text("".join(lines) + faces, encoding="utf-8")
    return dataset


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_becomes_arkit_under_the_same_names(faces, tmp_path):
    results = convert.to_arkit([faces], tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == names(faces)
    assert [(result.frames, result.problem, result.was_there) for result in results] == [(FRAMES, "", False)] * 3
    for result in results:
        found = np.load(result.file)
        assert found.dtype == np.float32
        assert found.flags.c_contiguous
        assert np.array_equal(found, ict_arkit.to_arkit(np.load(result.source)))
        assert np.array_equal(blendshapes.load_arkit(result.file), found)


def test_a_file_a_glob_and_a_file_named_twice(faces, tmp_path):
    results = convert.to_arkit([faces / "20231119_001_001.npy", f"{faces}/*_00[12]_001.npy"], tmp_path / "out")
    assert [result.source.name for result in results] == ["20231119_001_001.npy", "20231119_002_001.npy"]
    assert names(tmp_path / "out") == ["20231119_001_001.npy", "20231119_002_001.npy"]


def test_files_longer_than_the_threads_have_room_for(faces, tmp_path, monkeypatch, rng):
    monkeypatch.setattr(convert, "_ROOM_FRAMES", 20)
    monkeypatch.setattr(convert, "_rooms", convert._Rooms())
    np.save(faces / "short.npy", rng.uniform(0, 1, (10, 55)).astype(np.float32))
    for result in convert.to_arkit([faces], tmp_path / "out", merge="max"):
        assert np.array_equal(np.load(result.file), ict_arkit.to_arkit(np.load(result.source), "max"))


def test_what_is_there_stays_unless_overwritten(faces, tmp_path):
    out = tmp_path / "out"
    convert.to_arkit([faces], out)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = convert.to_arkit([faces], out)
    assert all(result.was_there and not result.notice for result in again)
    other = convert.to_arkit([faces], out, merge="sum")
    assert all("is there already with other content and is kept" in result.notice for result in other)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
    (out / "20231126_003_002.npy").write_bytes(b"")  # as a power cut leaves it
    broken = convert.to_arkit([faces], out)
    assert [result.was_there for result in broken] == [True, True, False]
    convert.to_arkit([faces], out, merge="sum", overwrite=True)
    assert np.load(out / "20231126_003_002.npy").max() > 1
    assert names(out) == names(faces)


def test_bad_files_are_told_and_the_others_go_on(faces, tmp_path):
    np.save(faces / "narrow.npy", np.zeros((5, 51), np.float32))
    np.save(faces / "none.npy", np.zeros((0, 55), np.float32))
    np.save(faces / "objects.npy", np.empty((5, 55), dtype=object), allow_pickle=True)
    (faces / "text.npy").write_text("no array")
    weights = np.zeros((5, 55))
    weights[2, 3] = np.nan
    np.save(faces / "nan.npy", weights)
    why = {
        "narrow": "must have the shape (frames, 55), this file has (5, 51)",
        "none": "holds no frames",
        "objects": "cannot be read as a plain .npy",
        "text": "cannot be read as a plain .npy",
        "nan": "frame 3, column 4 is not a finite number",
    }
    heads = convert.Heads(Dataset(tmp_path), basis=tmp_path / "basis.npy", offsets=True)
    np.save(heads.basis, np.ones((55, 4, 3), np.float32))
    for results in (convert.to_arkit([faces], tmp_path / "a"), convert.to_vertices([faces], tmp_path / "v", heads)):
        problems = {result.source.stem: result.problem for result in results if result.problem}
        assert problems.keys() == why.keys()
        for name, words in why.items():
            assert problems[name].startswith(f"{faces / name}.npy: ")
            assert words in problems[name]
    assert names(tmp_path / "a") == names(tmp_path / "v")
    assert len(names(tmp_path / "a")) == 3


def test_sources_that_are_none_or_would_be_lost_are_told(faces, tmp_path):
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other"
    shutil.copytree(faces, other)
    (tmp_path / "link").symlink_to(faces)
    results = convert.to_arkit(
        [tmp_path / "empty", tmp_path / "nothing.npy", f"{faces}/*.txt", faces, tmp_path / "link", other],
        tmp_path / "a",
    )
    problems = [result.problem for result in results if result.problem]
    assert "empty: holds no .npy files" in problems[0]
    assert "nothing.npy: no such file" in problems[1]
    assert "*.txt: no such file" in problems[2]
    assert f"other/20231119_001_001.npy: has the name of {faces}/20231119_001_001.npy" in problems[3]
    assert len(problems) == 6
    assert len(names(tmp_path / "a")) == 3
    before = {path.name: path.read_bytes() for path in faces.iterdir()}
    for out in (faces, tmp_path / "link"):
        results = convert.to_arkit([faces], out, overwrite=True)
        assert all("would be written over" in result.problem for result in results)
    assert {path.name: path.read_bytes() for path in faces.iterdir()} == before


def test_a_folder_of_folders_is_told_how_to_name_what_is_below(faces, tmp_path):
    nested = tmp_path / "all" / "2023" / "weights"
    shutil.copytree(faces, nested)
    (problem,) = [result.problem for result in convert.to_arkit([tmp_path / "all"], tmp_path / "a")]
    glob = f"{tmp_path / 'all'}/**/*.npy"
    assert problem.endswith(f"all: holds no .npy files itself; for those in folders below it name '{glob}'")
    convert.to_arkit([glob], tmp_path / "a")
    assert names(tmp_path / "a") == names(faces)


def test_a_folder_that_cannot_be_made_is_told(faces, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FarmError, match="file: the results' folder cannot be made"):
        convert.to_arkit([faces], tmp_path / "file")
    (tmp_path / "out" / "20231119_001_001.npy").mkdir(parents=True)
    results = convert.to_arkit([faces], tmp_path / "out")
    assert "20231119_001_001.npy: cannot be written" in results[0].problem
    assert [result.problem for result in results[1:]] == ["", ""]
    assert names(tmp_path / "out") == names(faces)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_vertices_are_of_each_actors_own_head(faces, data, tmp_path, dtype, monkeypatch):
    monkeypatch.setattr(ict_vertices, "BLOCK_BYTES", VERTICES * 12 * 7)
    told = []
    results = convert.to_vertices([faces], tmp_path / "v", convert.Heads(data), dtype=dtype, tell=told.append)
    assert [bool(result.problem) for result in results] == [False, True, False]
    assert "20231119_002_001.npy: there is no head of actor 002" in results[1].problem
    assert "002.obj; name one with --template, or ask for --offsets" in results[1].problem
    assert told == [f"{result.file}: {FRAMES} frames" for result in results if result.file]
    basis = np.load(data.ict_basis).astype(np.float64)
    for result, actor in ((results[0], "001"), (results[2], "003")):
        found = np.load(result.file)
        assert found.dtype == dtype
        assert found.shape == (FRAMES, VERTICES * 3)
        lines = data.face_ict_template(actor).read_text().splitlines()
        head = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float).reshape(-1)
        wanted = np.load(result.source).astype(np.float64) @ basis + head
        assert np.abs(found - wanted).max() < (1e-4 if dtype == "float32" else 0.05)
    assert names(tmp_path / "v") == ["20231119_001_001.npy", "20231126_003_002.npy"]


def test_one_template_serves_any_name_and_offsets_none(faces, data, tmp_path):
    (faces / "20231119_001_001.npy").rename(faces / "smile.npy")
    problems = [result.problem for result in convert.to_vertices([faces / "smile.npy"], tmp_path, convert.Heads(data))]
    assert "whose head it moves its name does not say" in problems[0]
    heads = convert.Heads(data, template=data.face_ict_template("004"))
    made = convert.to_vertices([faces], tmp_path / "v", heads)
    offsets = convert.to_vertices([faces], tmp_path / "o", convert.Heads(data, offsets=True))
    assert not any(result.problem for result in made + offsets)
    head = np.load(made[0].file) - np.load(offsets[0].file)
    assert np.ptp(head, axis=0).max() < 1e-4
    assert np.ptp(head) > 1


def test_vertices_that_are_there_stay_while_they_are_those(faces, data, tmp_path):
    heads = convert.Heads(data, offsets=True)
    convert.to_vertices([faces], tmp_path / "v", heads)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "v").iterdir()}
    assert all(result.was_there and not result.notice for result in convert.to_vertices([faces], tmp_path / "v", heads))
    with_head = convert.Heads(data, template=data.face_ict_template("004"))
    half = convert.to_vertices([faces], tmp_path / "v", heads, dtype="float16")
    for results in (convert.to_vertices([faces], tmp_path / "v", with_head), half):
        assert all("with other content and is kept; --overwrite" in result.notice for result in results)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "v").iterdir()} == before
    anew = convert.to_vertices([faces], tmp_path / "v", heads, dtype="float16", overwrite=True)
    assert not any(result.was_there for result in anew)
    again = convert.to_vertices([faces], tmp_path / "v", heads, dtype="float16")
    assert all(result.was_there and not result.notice for result in again)


def test_a_frame_that_changed_since_is_seen(faces, data, tmp_path):
    heads, source = convert.Heads(data, offsets=True), faces / "20231119_001_001.npy"
    weights = np.vstack([np.load(source)] * 10)
    np.save(source, weights)
    made = convert.to_vertices([source], tmp_path / "v", heads)[0].file
    weights[[10, 17]] = 0
    np.save(source, weights)
    os.utime(made, (0, 0))
    assert "with other content" in convert.to_vertices([source], tmp_path / "v", heads)[0].notice


def test_full_heads_need_indices(faces, data, tmp_path, rng):
    full = tmp_path / "full.obj"
    points = rng.normal(0, 10, (20, 3)).round(3)
    full.write_text("".join(f"v {x} {y} {z}\n" for x, y, z in points), encoding="utf-8")
    problem = convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, full))[0].problem
    assert f"{full}: has 20 vertices, and the basis of the ICT keys moves 12; --indices" in problem
    (tmp_path / "i.txt").write_text(" ".join(map(str, range(19, 7, -1))), encoding="utf-8")
    result = convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, full, indices=tmp_path / "i.txt"))[0]
    offsets = convert.to_vertices([faces], tmp_path / "o", convert.Heads(data, offsets=True))[0]
    moved = np.load(result.file) - np.load(offsets.file)
    assert np.abs(moved - points[19:7:-1].reshape(-1)).max() < 1e-4


def test_a_basis_or_template_that_is_none_is_told(faces, data, tmp_path):
    with pytest.raises(DatasetError, match=r"blendshape_ict\.npy: no such file; name the basis .* with --basis"):
        convert.to_vertices([faces], tmp_path / "v", convert.Heads(Dataset(tmp_path), offsets=True))
    np.save(tmp_path / "b.npy", np.zeros((55, 40), np.float32))
    with pytest.raises(DatasetError, match=r"b\.npy: the basis .* this file has \(55, 40\)"):
        convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, basis=tmp_path / "b.npy"))
    with pytest.raises(DatasetError, match=r"i\.txt: no such file"):
        convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, indices=tmp_path / "i.txt"))
    (tmp_path / "t.obj").write_text("v 0 0\n")
    for template, words in ((tmp_path / "t.obj", "line 1 is no vertex"), (tmp_path / "x.obj", "no such file")):
        results = convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, template))
        assert all(f"{template}: {words}" in result.problem for result in results)


def test_a_full_disk_leaves_nothing_behind(faces, data, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    results = convert.to_vertices([faces], tmp_path / "v", convert.Heads(data, offsets=True))
    assert all("cannot be written (No space left on device)" in result.problem for result in results)
    assert names(tmp_path / "v") == []


_PEAK = """
import sys
from pathlib import Path
from blender_addon.dataset.layout import Dataset
from farm import convert
source, out = map(Path, sys.argv[1:])
heads = convert.Heads(Dataset(source.parent), basis=source.parent / "b.npy", offsets=True)
done = convert.to_vertices([source], out, heads)
assert not done[0].problem, done
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) / 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does not say what a process's peak was")
def test_memory_does_not_grow_with_the_frames(tmp_path, rng):
    np.save(tmp_path / "b.npy", rng.normal(size=(55, 3000)).astype(np.float32))
    peaks = []
    for frames in (8_000, 40_000):  # 96 MB and 480 MB of vertices
        np.save(tmp_path / "w.npy", rng.uniform(0, 1, (frames, 55)).astype(np.float32))
        command = [sys.executable, "-c", _PEAK, str(tmp_path / "w.npy"), str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(float(done.stdout))
        shutil.rmtree(tmp_path / "out")
    assert peaks[1] - peaks[0] < 40


def test_to_arkit_as_a_user_starts_it(faces, tmp_path):
    done = interact_farm("face", "to-arkit", faces, "--out", tmp_path / "out", "--merge", "max")
    assert done.returncode == 0, done.stderr
    assert f"3 files, 90 frames in {tmp_path / 'out'}" in done.stdout
    source = np.load(faces / "20231119_001_001.npy")
    assert np.array_equal(np.load(tmp_path / "out" / "20231119_001_001.npy"), ict_arkit.to_arkit(source, "max"))
    explained = interact_farm("face", "to-arkit", "--explain", "--merge", "max")
    assert explained.stdout == ict_arkit.explain("max")
    (tmp_path / "map.toml").write_text("jawOpen = []\n")
    mapped = interact_farm(
        "face", "to-arkit", faces, "--out", tmp_path / "out", "--map", tmp_path / "map.toml", "--overwrite", "--explain"
    )
    assert "24 <- nothing" in mapped.stdout
    assert "3 files, 90 frames" in mapped.stdout
    assert not blendshapes.load_arkit(tmp_path / "out" / "20231119_001_001.npy")[:, 24].any()


def test_to_arkit_tells_bad_files_and_ends_with_1(faces, tmp_path):
    np.save(faces / "narrow.npy", np.zeros((5, 51), np.float32))
    done = interact_farm("face", "to-arkit", faces, "--out", tmp_path / "out", "--json")
    assert done.returncode == 1
    assert done.stderr.count("narrow.npy") == 1
    assert "1 of 4 files cannot be converted" in done.stderr
    assert [bool(result["problem"]) for result in json.loads(done.stdout)] == [False, False, False, True]
    for arguments in ((), (faces,), ("--out", tmp_path)):
        assert interact_farm("face", "to-arkit", *arguments).returncode == 2


def test_to_vertices_as_a_user_starts_it(faces, data, tmp_path):
    done = interact_farm("face", "to-vertices", f"{faces}/*_001.npy", "--out", tmp_path / "v", "--data", data.root)
    assert done.returncode == 1
    assert f"{tmp_path / 'v' / '20231119_001_001.npy'}: 30 frames" in done.stdout
    assert "no head of actor 002" in done.stderr
    assert "1 of 2 files cannot be converted" in done.stderr
    both = ("--template", data.face_ict_template("001"), "--offsets")
    refused = interact_farm("face", "to-vertices", faces, "--out", tmp_path / "v", "--data", data.root, *both)
    assert refused.returncode == 2
    assert "either --template or --offsets" in refused.stderr
