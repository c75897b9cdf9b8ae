"""Presenting scenes: the body with both faces, on the very frame, with text and sound."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.naming import SceneId
from farm import video
from farm.commands import video_present
from farm.demo.maker import make_dataset
from farm.errors import FarmError
from farm.rendering import RenderOptions
from farm.videos import fonts, plates, present, subtitles
from farm.videos.compose import compose
from farm.videos.plates import Box, Canvas, Line
from farm.videos.present import PresentOptions

from .. import marked
from ..command_line import interact_farm

SCENE = SceneId("20231119", "001")
FACES = "20231119_001_001", "20231119_002_001"
FRAMES = 36
SIZE = (320, 180)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results whose body and male face flash in frame 17, and whose female face ends with a flash in frame 20."""
    marked.write_video(tmp_path / "body_renders_noaudio" / f"{SCENE}.mkv", FRAMES, 17)
    marked.write_pictures(tmp_path / "face_renders_noaudio" / FACES[0], FRAMES, 17)
    marked.write_video(tmp_path / "face_renders_noaudio" / f"{FACES[1]}.mkv", 21, 20, (32, 32))
    return tmp_path


def shown(dataset: Path, out: Path, **options) -> Path:
    (result,) = present.present([SCENE], dataset, PresentOptions(SIZE, out=out, **options))
    assert not result.problem
    assert result.frames == FRAMES
    assert result.file == out / "presents" / f"{SCENE}.mp4"
    return result.file


def test_a_frame_of_each_source_is_seen_in_the_same_frame_of_the_whole(dataset, out):
    made = shown(dataset, out)
    pictures = marked.greys(made)
    left, right = present.face_boxes(SIZE)
    assert pictures.shape == (FRAMES, *SIZE[::-1])
    assert marked.bright(pictures, Box(120, 60, 80, 60)) == [17]
    assert marked.bright(pictures, left) == [17]
    # A face that ends before the scene keeps its last picture.
    assert marked.bright(pictures, right) == list(range(20, FRAMES))
    info = video.probe(made, audio=True)
    assert (info.fps, info.frames) == (30, FRAMES)
    assert info.audio_seconds == pytest.approx(FRAMES / 30, abs=1024 / 48000)
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_what_was_made_from_the_same_stays(dataset, out):
    made = shown(dataset, out)
    before = made.stat().st_mtime_ns
    assert shown(dataset, out).stat().st_mtime_ns == before
    shutil.rmtree(out / "face_renders_noaudio" / FACES[0])
    marked.write_pictures(out / "face_renders_noaudio" / FACES[0], FRAMES, 3)
    assert marked.bright(marked.greys(shown(dataset, out)), present.face_boxes(SIZE)[0]) == [3]


def test_anothers_video_is_kept(dataset, out):
    other = marked.write_video(out / "presents" / f"{SCENE}.mp4", 5, 2)
    (result,) = present.present([SCENE], dataset, PresentOptions(SIZE, out=out))
    assert any("was not made by interact-farm" in notice for notice in result.notices)
    assert video.probe(other).frames == 5


def test_subtitles_are_shown_from_their_frame_to_their_last(dataset, out, tmp_path):
    plain = marked.greys(shown(dataset, out)).astype(int)
    srt = tmp_path / "one.srt"
    srt.write_text("1\n00:00:00,333 --> 00:00:00,500\n<i>Ça va?</i>\nOui\n", encoding="utf-8")
    spoken = marked.greys(shown(dataset, out, subtitles=srt)).astype(int)
    middle = np.s_[:, 150:175, 100:220]
    changed = np.abs(spoken[middle] - plain[middle]).max(axis=(1, 2)) > 20
    assert np.flatnonzero(changed).tolist() == list(range(10, 15))


@pytest.mark.parametrize(
    ("lost", "command"), [("body_renders_noaudio", "body render"), ("face_renders_noaudio", "face render")]
)
def test_what_is_not_rendered_is_named_with_the_command_that_does_it(dataset, out, lost, command):
    shutil.rmtree(out / lost)
    (result,) = present.present([SCENE], dataset, PresentOptions(SIZE, out=out))
    assert f"interact-farm {command}" in result.problem
    assert "--render" in result.problem
    assert result.file is None


def test_a_face_without_weights_is_left_out(dataset, out, tmp_path):
    data = shutil.copytree(dataset, tmp_path / "data")
    for folder in ("face_ict", "face_arkit"):
        (data / folder / f"{FACES[1]}.npy").unlink()
    shutil.rmtree(out / "face_renders_noaudio")
    marked.write_pictures(out / "face_renders_noaudio" / FACES[0], FRAMES, 17)
    (result,) = present.present([SCENE], data, PresentOptions(SIZE, out=out))
    assert any(FACES[1] in notice and "no face weights" in notice for notice in result.notices)
    assert result.frames == FRAMES


def test_a_scene_of_no_wav_is_silent(dataset, out, tmp_path):
    data = shutil.copytree(dataset, tmp_path / "data")
    shutil.rmtree(data / "wav")
    (result,) = present.present([SCENE], data, PresentOptions(SIZE, out=out))
    assert "there is no wav; the video has no sound" in result.notices
    assert result.file
    assert video.probe(result.file, audio=True).audio_seconds is None


def test_the_command_shows_what_was_rendered(dataset, half, faces):
    shutil.copytree(faces / "face_renders_noaudio", half / "face_renders_noaudio")
    done = interact_farm("video", "present", SCENE, "--data", dataset, "--out", half, "--size", "320x180")
    assert done.returncode == 0, done.stderr
    info = video.probe(half / "presents" / f"{SCENE}.mp4")
    assert (info.frames, info.width, info.height) == (FRAMES, 320, 180)
    again = interact_farm("video", "present", half / "all.txt", "--data", dataset, "--out", half, "--size", "320x180")
    assert again.returncode == 1
    assert "20231126_002.mkv: the body is not rendered" in again.stderr.replace("\n", " ")


def test_what_is_missing_is_rendered_first_and_what_is_there_stays(tmp_path):
    made = make_dataset(tmp_path, scenes=1, seconds=1.0)
    look = batch.Look("workbench", (64, 64), 1)
    options = RenderOptions(look=look, workers=1, actors="mannequin")
    video_present.render_missing(made.scenes, tmp_path, options)
    (result,) = present.present(made.scenes, tmp_path, PresentOptions(SIZE))
    assert not result.problem
    assert result.frames == 30
    folders = [tmp_path / f"{kind}_renders_noaudio" for kind in ("body", "face")]
    before = {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*.*")}
    assert len(before) == 1 + 2 * 30
    # Made with another look than is asked for now, it is there all the same.
    other = replace(options, look=replace(look, size=(96, 96)))
    video_present.render_missing(made.scenes, tmp_path, other)
    assert {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*.*")} == before
    lost = sorted(path for path in before if path.suffix == ".png")[3]
    lost.unlink()
    video_present.render_missing(made.scenes, tmp_path, options)
    after = {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*.*")}
    assert {path for path in before if after[path] != before[path]} == {lost}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1\n00:00:01 --> 00:00:02\nHello\n", "line 2"),
        ("1\n00:00:02,000 --> 00:00:01,000\nHello\n", "ends before it begins"),
        ("Hello\n", "has no subtitle"),
    ],
)
def test_what_is_no_subtitle_is_told_by_its_line(tmp_path, text, why):
    file = tmp_path / "bad.srt"
    file.write_text(text)
    with pytest.raises(FarmError, match=why):
        subtitles.read(file)


def test_subtitles_of_windows_without_numbers_and_with_a_number_as_text(tmp_path):
    file = tmp_path / "some.srt"
    file.write_bytes(
        b"\xef\xbb\xbf00:00:01,000 --> 00:00:02,000 X1:1\r\n{\\an8}42\r\n\r\n"
        b"2\r\n00:01:00.5 --> 00:01:00.5\r\na\r\nb\r\n"
    )
    assert subtitles.read(file) == [subtitles.Cue(30, 60, "42"), subtitles.Cue(1815, 1816, "a\nb")]


def test_cues_that_overlap_are_both_shown():
    cues = [subtitles.Cue(0, 20, "a"), subtitles.Cue(10, 30, "b"), subtitles.Cue(90, 95, "c")]
    assert subtitles.changes(cues, 60) == [(0, "a"), (10, "a\nb"), (20, "b"), (30, "")]
    assert subtitles.changes([], 60) == [(0, "")]


def test_long_words_and_all_scripts_stay_inside_their_box():
    text = "Ünïcödé — “naïve” Дружба 你好，很久不见 ありがとう " + "x" * 200
    assert fonts.missing(text) == ""
    canvas = Canvas((640, 360))
    box = Box(200, 100, 240, 160)
    canvas.plate([Line(text, 60, bold=True), Line("\t\x07", 30)], box, across="middle", up="bottom")
    left, top, right, bottom = canvas.image.getbbox()
    assert 200 <= left < right <= 440
    assert 100 <= top < bottom == 260
    ink = np.asarray(canvas.image)[..., :3].max(axis=2) > 200
    assert np.flatnonzero(ink.any(axis=0)).min() >= 200
    assert np.flatnonzero(ink.any(axis=0)).max() < 440


def test_without_blender_pillows_own_font_is_drawn(monkeypatch):
    monkeypatch.setattr(fonts, "chain", tuple)
    fonts._file_of.cache_clear()
    canvas = Canvas((640, 360))
    canvas.plate([Line("Actor 001", 60)], Box(0, 0, 640, 360))
    fonts._file_of.cache_clear()
    assert canvas.image.getbbox()
    assert fonts.missing("abc中") == "中"


def test_pictures_of_text_change_on_their_frame(tmp_path):
    first, second = Canvas((64, 36)), Canvas((64, 36))
    second.frame(Box(0, 0, 64, 36), width=4000)
    plates.write_video(tmp_path / "plates.nut", [(0, first.image), (7, second.image)])
    made = compose([], tmp_path / "plates.nut", (64, 36), 12, tmp_path / "out.mp4")
    assert made.frames == 12
    assert marked.bright(marked.greys(made.path), Box(0, 0, 64, 36)) == list(range(7, 12))
