"""`--set lip_acc`: the sentences of actor 006, in a folder of their own."""

from __future__ import annotations

import json
import shutil
import sqlite3
import wave
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch, check, databases, lengths
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from blender_addon.dataset.sentences import sentence_of, sentences
from farm import face, pictures, plan, preview, video
from farm.demo.maker import make_dataset
from farm.rendering import RenderOptions

from . import png_maker
from .command_line import interact_farm

SECOND = PerformanceId("20231208", "006", "002")
LOOK = batch.Look("workbench", (64, 64), 1, label=("id", "emotion", "sentence"))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> Path:
    """A scene of other actors, and three sentences of 30 frames; tests that change something take a copy."""
    root = tmp_path_factory.mktemp("spoken") / "data"
    make_dataset(root, scenes=1, seconds=1.0, sentences=3)
    return root


@pytest.fixture
def copied(spoken, tmp_path) -> Path:
    return Path(shutil.copytree(spoken, tmp_path / "data"))


def lip_acc_job(root: Path, *lines: str) -> Path:
    job = root / "job.txt"
    job.write_text("".join(f"{line}\n" for line in lines))
    return job


def test_paths_of_the_set_lie_in_its_folder_and_all_else_in_the_root(spoken):
    dataset = Dataset.at(spoken, "lip_acc")
    assert dataset.face_weights(SECOND) == spoken / "lip_acc" / "face_ict" / f"{SECOND}.npy"
    assert dataset.wav(SECOND) == spoken / "lip_acc" / "wav" / f"{SECOND}.wav"
    assert dataset.actors_db == spoken / "actors.db"
    assert dataset.face_ict_template("006") == spoken / "face_ict_templates" / "006.obj"
    with wave.open(str(dataset.wav(SECOND)), "rb") as file:
        assert file.getnframes() == 48_000
    assert np.load(dataset.face_weights(SECOND)).shape == (30, 55)
    assert not Dataset.at(spoken).face_weights(SECOND).is_file()


def test_files_without_folders_of_their_own_are_found(copied):
    dataset = Dataset.at(copied, "lip_acc")
    for path in (dataset.face_ict(SECOND), dataset.wav(SECOND)):
        path.rename(dataset.recordings / path.name)
    dataset.face_arkit(SECOND).unlink()
    assert dataset.face_weights(SECOND) == copied / "lip_acc" / f"{SECOND}.npy"
    assert dataset.wav(SECOND) == copied / "lip_acc" / f"{SECOND}.wav"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("First one.\n\nSecond one.\n", "Second one."),
        ("2. Second one.\n1. First one.\n", "Second one."),
        ("001\tFirst one.\r\n002\tSecond one.\r\n", "Second one."),
        ("\ufeff20231208_006_002: Second one.\n", "Second one."),
        ("12 men came.\nSecond one.\n", "Second one."),
        ("Only one.\n", ""),
    ],
)
@pytest.mark.parametrize("folder", ["lip_acc", ".", "scripts"])
def test_what_is_said_is_read_in_every_likely_form_and_place(tmp_path, text, wanted, folder):
    for name in ("lip_acc", "scripts"):
        (tmp_path / name).mkdir()
    (tmp_path / folder / "lip_acc_sentences.txt").write_bytes(text.encode())
    assert sentence_of(Dataset.at(tmp_path, "lip_acc"), SECOND) == wanted


def test_a_scene_says_no_sentence_and_a_sentence_has_no_emotion(spoken):
    dataset = Dataset.at(spoken, "lip_acc")
    assert len(sentences(dataset)) == 3
    assert sentence_of(dataset, SECOND).endswith(".")
    assert sentence_of(Dataset.at(spoken), SECOND) == ""
    assert databases.emotion_of(dataset, SECOND.scene) == ""
    assert databases.emotion_of(Dataset.at(spoken), SceneId("20231208", "002")) != ""


def test_a_run_renders_the_sentences_beside_them_and_goes_on_past_one_that_is_missing(copied):
    job = lip_acc_job(copied, str(SECOND), "20231208_006_077")
    options = RenderOptions(look=LOOK, workers=1, actors="mannequin", pictures=True, frames=(5, 6), subset="lip_acc")
    good, bad = face.render(job, copied, options)
    assert good.file == copied / "lip_acc" / "face_renders" / f"{SECOND}.frames-5-6.mp4", good.problem
    assert video.probe(good.file, audio=True).frames == 2
    folder = copied / "lip_acc" / "face_renders_noaudio" / str(SECOND)
    assert pictures.decode(folder / "0005.png").size == (64, 64)
    assert not any((copied / "face_renders_noaudio").iterdir())
    assert bad.file is None
    assert "lip_acc has no weights of 20231208_006_077" in bad.problem
    good.file.unlink()
    again = face.mux(lip_acc_job(copied, str(SECOND)), copied, frames=(5, 6), subset="lip_acc")
    assert [result.file for result in again] == [good.file]
    assert good.file.is_file()


def test_another_text_is_another_label_and_is_rendered_again(copied):
    def fingerprint() -> str:
        dataset = Dataset.at(copied, "lip_acc")
        planned = plan.make([SECOND], dataset, plan.Outputs(copied), template_fingerprint="t", look=LOOK)
        return planned.tasks[0].fingerprint

    before = fingerprint()
    (copied / "lip_acc" / "lip_acc_sentences.txt").write_text("One.\nAnother.\n")
    assert fingerprint() != before


def test_what_a_label_cannot_show_of_a_set_is_told(copied):
    def told() -> tuple[str, ...]:
        dataset = Dataset.at(copied, "lip_acc")
        return plan.make([SECOND], dataset, plan.Outputs(copied), template_fingerprint="t", look=LOOK).notices

    (emotion,) = told()
    assert emotion == f"--label emotion: shows nothing in {SECOND}: recordings of lip_acc play no scenario"
    (copied / "lip_acc" / "lip_acc_sentences.txt").write_text("One.\n")
    sentence = f"--label sentence: shows nothing in {SECOND}: lip_acc_sentences.txt has no such sentence"
    assert told() == (emotion, sentence)


def test_preview_and_vertices_take_the_set(spoken, tmp_path):
    made = preview.make(str(SECOND), tmp_path / "p.png", spoken, subset="lip_acc", heads=False)
    assert made.frames == 30
    basis = tmp_path / "basis.npy"
    np.save(basis, np.ones((55, 9), np.float32))
    done = interact_farm(
        "face", "to-vertices", "--data", spoken, "--set", "lip_acc", "--basis", basis, "--offsets", "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / f"{SECOND}.npy").shape == (30, 9)
    arkit = tmp_path / "arkit"
    done = interact_farm("face", "to-arkit", "--data", spoken, "--set", "lip_acc", "--out", arkit)
    assert done.returncode == 0, done.stderr
    theirs = Dataset.at(spoken, "lip_acc").face_arkit(SECOND)
    assert sorted(path.name for path in arkit.iterdir()) == sorted(path.name for path in theirs.parent.iterdir())
    assert np.array_equal(np.load(arkit / theirs.name), np.load(theirs))


@pytest.mark.parametrize("group", [["to-arkit"], ["to-vertices"], ["composite"], ["render"], ["mux"], ["preview"]])
def test_every_command_of_faces_takes_the_set(group):
    told = interact_farm("face", *group, "--help").stdout
    assert "--set [lip_acc]" in told
    assert "--data" in told


def test_jobs_of_sentences_are_checked_and_split(copied, tmp_path):
    (copied / "lip_acc" / "wav" / f"{SECOND}.wav").unlink()
    job = lip_acc_job(copied, "20231208_006_001", str(SECOND), "20231208_006_077", "20231208_001")
    whole, mute, lost, scene = check.check_job(job, copied, "lip_acc").lines
    assert (whole.frames, whole.emotion, whole.problem, whole.missing) == (30, "", "", ())
    assert mute.missing == (f"wav/{SECOND}.wav is missing",)
    assert "lip_acc has no weights of 20231208_006_077" in lost.problem
    assert "is not a performance" in scene.problem
    job = copied / "scripts" / "lip_acc_render_job.txt"
    done = interact_farm(
        "jobs", "split", job, "--parts", 3, "--data", copied, "--set", "lip_acc", "--out", tmp_path / "parts"
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "parts").iterdir())) == 3


def test_results_of_the_set_are_looked_over_in_its_folder(copied):
    job = lip_acc_job(copied, str(SECOND))
    folder = Path("face_renders_noaudio") / str(SECOND)
    (copied / "lip_acc" / folder).mkdir(parents=True)
    for number in range(1, 31):
        picture = np.full((8, 8, 3), 30 + 7 * number, np.uint8)
        png_maker.write(copied / "lip_acc" / folder / f"{number:04d}.png", picture)
    asked = "verify", job, "--data", copied, "--set", "lip_acc", "--no-sound"
    done = interact_farm(*asked)
    assert (done.returncode, done.stdout) == (0, "1 results are whole\n"), done.stdout + done.stderr
    shutil.move(copied / "lip_acc" / folder, copied / folder)
    assert interact_farm(*asked).returncode == 1


def test_a_sentence_that_is_asked_of_the_scenes_is_told_to_be_in_the_set(copied):
    hint = "; it is in lip_acc/: add --set lip_acc"
    job = lip_acc_job(copied, str(SECOND), "20231208_006_077")
    done = interact_farm("face", "render", job, "--data", copied, "--actors", "mannequin", "--json")
    assert done.returncode == 1
    assert [result["problem"].endswith(hint) for result in json.loads(done.stdout)] == [True, False]
    with pytest.raises(DatasetError, match="lip_acc has no weights of") as error:
        lengths.of_face(Dataset.at(copied, "lip_acc"), PerformanceId("20231208", "006", "077"))
    assert "--set" not in str(error.value)


def test_a_data_set_without_the_folder_is_one_sentence(tmp_path):
    with pytest.raises(DatasetError, match=r"lip_acc: no such folder; --data must name"):
        Dataset.at(tmp_path, "lip_acc")
    done = interact_farm("face", "mux", "job.txt", "--set", "other")
    assert done.returncode == 2
    line = batch.to_line(batch.SaveComposite("a", "d", "t", str(SECOND), "o.blend", subset="../elsewhere"))
    with pytest.raises(DatasetError, match="no set"):
        batch.parse_line(line)


def test_making_it_names_its_job_file(tmp_path):
    for count, jobs in ((0, ("body", "face")), (1, ("body", "face", "lip_acc"))):
        done = interact_farm("data", "make", tmp_path / "d", "--scenes", 1, "--seconds", 1, "--lip-acc", count)
        *others, last = (str(tmp_path / "d" / "scripts" / f"{name}_render_job.txt") for name in jobs)
        assert f"job files: {', '.join(others)} and {last}\n" in done.stdout, done.stderr
        assert Path(last).is_file()


def test_made_anew_the_set_is_gone(tmp_path):
    make_dataset(tmp_path / "d", scenes=1, seconds=1.0, sentences=1)
    make_dataset(tmp_path / "d", scenes=1, seconds=1.0)
    assert not [path for path in (tmp_path / "d" / "lip_acc").rglob("*") if path.is_file()]
    with closing(sqlite3.connect(tmp_path / "d" / "actors.db")) as database:
        assert database.execute("SELECT count(*) FROM actors WHERE actor_id = '006'").fetchone() == (1,)
