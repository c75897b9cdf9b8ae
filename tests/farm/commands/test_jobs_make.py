"""`interact-farm jobs make`: job files from a question, and splits of them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from blender_addon.dataset import jobs
from blender_addon.dataset.naming import PerformanceId, SceneId
from farm.demo.maker import make_dataset

from ..command_line import interact_farm

SPLIT = ("--split", "train=0.6,val=0.2,test=0.2")


def make(out: Path, data: Path, *options: object) -> dict:
    done = interact_farm("jobs", "make", out, "--data", data, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(path: Path, kind: type = SceneId) -> list[str]:
    return [str(name) for name in jobs.read(path, kind).ids]


def test_a_job_lists_what_is_asked_for(ten, tmp_path):
    facts = make(tmp_path / "anger.txt", ten, "--emotion", "anger")
    assert lines(tmp_path / "anger.txt") == ["20231126_002", "20240126_009"]
    (part,) = facts["parts"]
    assert part["files"] == [{"path": str(tmp_path / "anger.txt"), "lines": 2, "frames": 60}]
    checked = interact_farm("jobs", "check", tmp_path / "anger.txt", "--data", ten)
    assert checked.returncode == 0, checked.stdout
    nothing = interact_farm("jobs", "make", tmp_path / "none.txt", "--data", ten, "--min-seconds", 2)
    assert (nothing.returncode, "nothing to list" in nothing.stderr) == (1, True)
    assert not (tmp_path / "none.txt").exists()


def test_an_emotion_that_no_scene_has_is_answered_by_those_that_they_have(tmp_path):
    data = make_dataset(tmp_path / "data", scenes=2, seconds=1.0).root
    done = interact_farm("jobs", "make", tmp_path / "none.txt", "--data", data, "--emotion", "fear")
    assert done.returncode == 1
    told = f"no scene matches: no scene in {data} has the emotion fear; they have anger, happiness"
    assert done.stderr.strip() == f"Error: {told}"
    two = "--emotion", "anger", "--date", "20231119"
    done = interact_farm("jobs", "make", tmp_path / "none.txt", "--data", data, *two)
    assert "nothing to list" in done.stderr
    assert not (tmp_path / "none.txt").exists()


def test_faces_are_those_that_have_weights(ten, tmp_path):
    facts = make(tmp_path / "faces", ten, "--face", "--date", "20240126")
    found = lines(tmp_path / "faces.txt", PerformanceId)
    assert found == ["20240126_008_009", "20240126_006_009", "20240126_008_034"]
    assert facts["left_out"] == 1  # the erratum's
    make(tmp_path / "hers.txt", ten, "--face", "--actor", "6")
    assert {name.split("_")[1] for name in lines(tmp_path / "hers.txt", PerformanceId)} == {"006"}


def test_scenes_that_cannot_be_rendered_are_counted_and_left_out(tmp_path):
    data = make_dataset(tmp_path / "data", scenes=2, seconds=1.0).root
    (data / "bvhs_retarget" / "20231119_001_001.bvh").unlink()
    (data / "bvhs" / "20231119_001_001.bvh").unlink()
    done = interact_farm("jobs", "make", tmp_path / "job.txt", "--data", data)
    assert "In no file: 1 scene of which the files to render are missing." in done.stdout
    assert lines(tmp_path / "job.txt") == ["20231126_002"]


def test_files_have_at_most_so_many_frames(ten, tmp_path):
    facts = make(tmp_path / "job.txt", ten, "--max-frames", 130)
    assert [file["frames"] for file in facts["parts"][0]["files"]] == [120, 120, 60]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job_01.txt", "job_02.txt", "job_03.txt"]


@pytest.mark.parametrize("by", ["scene", "pair", "scenario"])
def test_parts_share_nothing_and_together_are_all(ten, tmp_path, by):
    facts = make(tmp_path / "job.txt", ten, *SPLIT, "--by", by)
    parts = [lines(tmp_path / f"job_{name}.txt") for name in ("train", "val", "test")]
    assert sorted(itertools.chain(*parts)) == sorted(lines(ten / "scripts" / "body_render_job.txt"))
    assert [part["scenes"] for part in facts["parts"]] == list(map(len, parts))
    key = {"scene": str, "pair": lambda name: name.split("_")[0], "scenario": lambda name: name.split("_")[1]}[by]
    groups = [set(map(key, part)) for part in parts]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert [len(part) for part in parts] == [6, 2, 2]


def test_by_actor_what_is_between_parts_is_in_no_file(ten, tmp_path):
    done = interact_farm("jobs", "make", tmp_path / "job.txt", "--data", ten, *SPLIT, "--by", "actor")
    assert done.returncode == 0, done.stderr
    assert "In no file: 2 scenes whose two actors are in different parts." in done.stdout
    assert "share of all" in done.stdout
    actors = {"20231119": "12", "20231126": "37", "20231208": "56", "20240126": "86", "20240128": "17"}
    parts = [
        {actor for scene in lines(tmp_path / f"job_{name}.txt") for actor in actors[scene.split("_")[0]]}
        for name in ("train", "val", "test")
    ]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_a_face_split_keeps_both_faces_of_a_scene_together(ten, tmp_path):
    make(tmp_path / "job.txt", ten, "--face", *SPLIT)
    scenes = [{PerformanceId.parse(name).scene for name in lines(path, PerformanceId)} for path in tmp_path.iterdir()]
    assert sum(map(len, scenes)) == len(set.union(*scenes)) == 10


def test_the_same_seed_writes_the_same_files(ten, tmp_path):
    def bytes_of(folder: str, *options: object) -> dict[str, bytes]:
        make(tmp_path / folder / "job.txt", ten, *SPLIT, *options)
        return {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}

    first = bytes_of("one", "--seed", 5)
    assert bytes_of("two", "--seed", 5) == first
    assert any(bytes_of(f"seed {seed}", "--seed", seed) != first for seed in (6, 7))


def test_files_of_another_call_beside_them_are_told(ten, tmp_path):
    (tmp_path / "job_dev.txt").touch()
    (tmp_path / "other_dev.txt").touch()
    done = interact_farm("jobs", "make", tmp_path / "job.txt", "--data", ten, *SPLIT)
    assert done.stderr.splitlines() == [f"note {tmp_path / 'job_dev.txt'} is not of this call"]


def test_options_that_say_nothing_together_are_refused(ten, tmp_path):
    for options, said in {
        ("--by", "pair"): "--by and --seed go with --split",
        ("--split", "train=0.8,val=0.1"): "add up to 1",
        ("--split", "train=nan,val=0.1"): "add up to 1",
        ("--split", "train=0.5,train=0.5"): "each its own",
        ("--split", "../x=0.5,val=0.5"): "names of letters and digits",
        ("--split", "train,val=0.5"): "write a size after each name",
    }.items():
        done = interact_farm("jobs", "make", tmp_path / "job.txt", "--data", ten, *options)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
    assert not list(tmp_path.iterdir())
