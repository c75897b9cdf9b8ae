"""`interact-farm data check`: what it prints, its exit codes, and its processes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset.checks.findings import CODES
from blender_addon.dataset.errors import DatasetError
from farm import data_check

from .command_line import interact_farm

HIS_FACE = "face_arkit/20231119_001_001.npy"


@pytest.fixture
def damaged(dataset, tmp_path) -> Path:
    """A missing voice, a warning; and a NaN, an error that only a deep look finds."""
    root = Path(shutil.copytree(dataset, tmp_path / "data"))
    (root / "wav/20231119_001_001.wav").unlink()
    weights = np.load(root / HIS_FACE)
    weights[4, 7] = np.nan
    np.save(root / HIS_FACE, weights)
    return root


def test_quick_finds_a_warning_and_deep_an_error(damaged):
    quick = interact_farm("data", "check", "--data", damaged)
    assert quick.returncode == 0
    assert "IA007 warning wav/20231119_001_001.wav: is missing" in quick.stdout.splitlines()
    assert "IA304" not in quick.stdout
    deep = interact_farm("data", "check", "--data", damaged, "--deep")
    assert deep.returncode == 1
    assert f"IA304 error   {HIS_FACE}: is not finite in 1 frame, first in 5" in deep.stdout.splitlines()
    assert "1 error found" in deep.stderr
    assert re.search(r"│ face_arkit +│ +4 │.*│ +1 │ +- │ +- │", deep.stdout)


def test_ignored_codes_are_left_out_and_do_not_count(damaged):
    done = interact_farm("data", "check", "--data", damaged, "--deep", "--ignore", "ia304", "--ignore", "IA007")
    assert done.returncode == 0, done.stderr
    assert "nothing is wrong" in done.stdout


def test_json_tells_the_same(damaged):
    done = interact_farm("data", "check", "--data", damaged, "--deep", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["counts"] == {"error": 1, "warning": 1, "note": 0}
    assert [(each["code"], each["file"]) for each in told["findings"]] == [
        ("IA304", HIS_FACE),
        ("IA007", "wav/20231119_001_001.wav"),
    ]
    rows = {row["folder"]: row for row in told["folders"]}
    assert rows["wav"]["files"] == 3
    assert rows["bvhs"]["seconds"] == pytest.approx(4 * 1.2)


def test_an_unknown_code_and_a_folder_of_something_else_are_refused(tmp_path):
    assert interact_farm("data", "check", "--data", tmp_path, "--ignore", "IA999").returncode == 2
    with pytest.raises(DatasetError, match="no data set here"):
        data_check.check(tmp_path)


def test_progress_counts_all_bytes(dataset):
    told: list[tuple[int, int]] = []
    report = data_check.check(dataset, deep=True, show=lambda done, total: told.append((done, total)))
    assert report.findings == ()
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == sum(row.bytes for row in report.rows)
    assert told == sorted(told)


def test_the_docs_list_every_code():
    text = (Path(__file__).parents[2] / "docs/errors.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines() if "| IA" in line]
    assert rows == [
        (code.code, code.severity, "--deep" if code.deep else "both", code.meaning, code.advice) for code in CODES
    ]
