"""Where every file of the data set lies."""

from __future__ import annotations

import pytest

from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import ERRATA_WITHOUT_FACE, FOLDERS, FPS, Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

SCENE = SceneId("20231119", "012")
PERFORMANCE = SCENE.performance("001")


@pytest.fixture
def root(tmp_path):
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.mark.parametrize("mark", ["actors.db", "bvhs", "bvhs_retarget"])
def test_one_sign_of_a_data_set_is_enough(tmp_path, mark):
    path = tmp_path / mark
    if mark.endswith(".db"):
        path.touch()
    else:
        path.mkdir()
    assert Dataset.at(str(tmp_path)).root == tmp_path


def test_a_folder_without_data_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no data set here.*--data must name"):
        Dataset.at(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        Dataset.at(tmp_path / "nowhere")


def test_a_file_is_no_data_set(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(DatasetError, match="no such folder"):
        Dataset.at(tmp_path / "x")


def test_a_relative_root_becomes_absolute(root, monkeypatch):
    monkeypatch.chdir(root)
    assert Dataset.at(".").root == root


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (lambda d: d.scenarios_db, "scenarios.db"),
        (lambda d: d.actors_db, "actors.db"),
        (lambda d: d.ict_basis, "scripts/blendshape_ict.npy"),
        (lambda d: d.body_template, "scripts/body_to_render.blend"),
        (lambda d: d.body_job, "scripts/body_render_job.txt"),
        (lambda d: d.face_job, "scripts/face_render_job.txt"),
        (lambda d: d.face_arkit(PERFORMANCE), "face_arkit/20231119_001_012.npy"),
        (lambda d: d.face_ict(PERFORMANCE), "face_ict/20231119_001_012.npy"),
        (lambda d: d.face_ict_template("001"), "face_ict_templates/001.obj"),
        (lambda d: d.wav(PERFORMANCE), "wav/20231119_001_012.wav"),
    ],
)
def test_every_kind_of_file_has_its_published_place(root, path, wanted):
    assert path(Dataset.at(root)).relative_to(root).as_posix() == wanted


def test_the_retargeted_motion_is_taken_before_the_raw_one(root):
    data = Dataset.at(root)
    retargeted, raw = root / "bvhs_retarget" / f"{PERFORMANCE}.bvh", root / "bvhs" / f"{PERFORMANCE}.bvh"
    assert data.motion(PERFORMANCE) == retargeted  # where neither is there, it says which one is missed
    raw.touch()
    assert data.motion(PERFORMANCE) == raw
    retargeted.touch()
    assert data.motion(PERFORMANCE) == retargeted


def test_the_published_erratum_and_frame_rate():
    assert frozenset({PerformanceId.parse("20240126_006_034")}) == ERRATA_WITHOUT_FACE
    assert FPS == 30
