"""Job files: what they list, and how a job is shared out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from blender_addon.dataset import jobs
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import PerformanceId, SceneId

A, B, C = (SceneId("20231119", f"{n:03d}") for n in (1, 2, 3))


def read(tmp_path, content, kind=SceneId):
    path = tmp_path / "job.txt"
    path.write_bytes(content)
    return jobs.read(path, kind)


@pytest.mark.parametrize(
    "content",
    [
        b"20231119_001\n20231119_002\n",
        b"20231119_001\r\n20231119_002\r\n",
        b"20231119_001\n20231119_002",
        b"\xef\xbb\xbf20231119_001\r\n20231119_002",
        b"# all of them\n\n  20231119_001  # the first\n\t\n20231119_002\t#\n#20231119_003\n",
    ],
)
def test_line_ends_marks_comments_and_blank_lines_make_no_difference(tmp_path, content):
    job = read(tmp_path, content)
    assert job.ids == (A, B)
    assert job.problems == ()
    assert job.notices == ()


def test_performances_are_read_as_performances(tmp_path):
    job = read(tmp_path, b"20231119_001_012\n", PerformanceId)
    assert job.ids == (PerformanceId("20231119", "001", "012"),)


def test_a_duplicate_counts_once_and_both_lines_are_named(tmp_path):
    job = read(tmp_path, b"20231119_002\n\n20231119_001\n20231119_002\n20231119_002\n")
    assert job.ids == (B, A)
    assert job.notices == (
        "job.txt: line 4 repeats 20231119_002 of line 1; it is done once",
        "job.txt: line 5 repeats 20231119_002 of line 1; it is done once",
    )


def test_a_bad_line_is_kept_with_its_number_and_the_others_are_still_there(tmp_path):
    job = read(tmp_path, b"# head\n20231119_001\n../../x\n20231119_1\n20231119_002\n")
    assert job.ids == (A, B)
    assert [(line.number, line.text, line.id) for line in job.lines] == [
        (2, "20231119_001", A),
        (3, "../../x", None),
        (4, "20231119_1", None),
        (5, "20231119_002", B),
    ]
    assert len(job.problems) == 2
    assert job.problems[0].startswith("job.txt: line 3: '../../x' is not a scene")
    assert job.problems[1].startswith("job.txt: line 4: '20231119_1' is not a scene")


def test_a_performance_in_a_job_of_scenes_is_a_bad_line(tmp_path):
    assert "line 1" in read(tmp_path, b"20231119_001_012\n").problems[0]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.txt: no such job file"):
        jobs.read(tmp_path / "none.txt")


@pytest.mark.parametrize("content", [b"\xff\xfe2\x000\x00", bytes(range(256)), b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_a_binary_file_is_refused(tmp_path, content):
    with pytest.raises(DatasetError, match=r"job\.txt: cannot be read as a job file"):
        read(tmp_path, content)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read as a job file"):
        jobs.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n"])
def test_a_file_that_lists_nothing_is_refused(tmp_path, content):
    with pytest.raises(DatasetError, match="lists nothing"):
        read(tmp_path, content)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "job.txt"
    jobs.write(path, [C, A, B], "part 1 of 2")
    assert path.read_bytes() == b"# part 1 of 2\n20231119_003\n20231119_001\n20231119_002\n"
    assert jobs.read(path).ids == (C, A, B)
    assert [p.name for p in tmp_path.iterdir()] == ["job.txt"]


def random_lengths(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 30))
    return [(SceneId("20231119", f"{n:03d}"), int(rng.integers(1, 4000))) for n in range(count)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 40])
def test_parts_lose_nothing_double_nothing_and_keep_the_order(seed, parts):
    lengths = random_lengths(seed)
    shares = jobs.split_parts(lengths, parts)
    assert len(shares) == min(parts, len(lengths))
    assert all(shares)
    assert sorted(itertools.chain(*shares)) == [name for name, _ in lengths]
    assert all(share == sorted(share) for share in shares)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("parts", [2, 3])
def test_the_longest_part_is_within_four_thirds_of_the_best_possible(seed, parts):
    rng = np.random.default_rng(seed)
    frames = rng.integers(1, 4000, 8).tolist()
    lengths = [(SceneId("20231119", f"{n:03d}"), length) for n, length in enumerate(frames)]
    best = min(
        max(sum(f for f, p in zip(frames, choice, strict=True) if p == part) for part in range(parts))
        for choice in itertools.product(range(parts), repeat=len(frames))
    )
    of = dict(lengths)
    longest = max(sum(of[name] for name in share) for share in jobs.split_parts(lengths, parts))
    assert best <= longest <= best * 4 / 3


def test_equal_scenes_are_shared_equally():
    lengths = [(SceneId("20231119", f"{n:03d}"), 900) for n in range(12)]
    assert [len(share) for share in jobs.split_parts(lengths, 4)] == [3, 3, 3, 3]


def test_no_part_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one part"):
        jobs.split_parts([(A, 1)], 0)


def test_frames_fill_parts_in_order_and_a_longer_scene_has_its_own():
    lengths = [(A, 400), (B, 600), (C, 1), (SceneId("20231119", "004"), 5000), (SceneId("20231119", "005"), 2)]
    shares = jobs.split_frames(lengths, 1000)
    assert [[str(name)[-3:] for name in share] for share in shares] == [["001", "002"], ["003"], ["004"], ["005"]]


@pytest.mark.parametrize("seed", range(8))
def test_frames_lose_nothing_and_no_part_is_too_long(seed):
    lengths = random_lengths(seed)
    of = dict(lengths)
    shares = jobs.split_frames(lengths, 3000)
    assert list(itertools.chain(*shares)) == [name for name, _ in lengths]
    assert all(len(share) == 1 or sum(of[name] for name in share) <= 3000 for share in shares)


def test_nothing_is_split_into_nothing():
    assert jobs.split_parts([], 3) == []
    assert jobs.split_frames([], 100) == []
