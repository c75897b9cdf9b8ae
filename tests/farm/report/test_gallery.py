"""The gallery's folder: what it shows of a real run, thumbnails, hostile text, links that lead nowhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import av
import pytest

from blender_addon.dataset import databases
from blender_addon.dataset.layout import Dataset
from farm import plan, runs, video
from farm.errors import FarmError
from farm.report.gallery import facts, results, thumbnails
from farm.report.gallery.gallery import PAGE, Gallery, page
from farm.report.gallery.scenes import Scenes

from ..command_line import interact_farm, start_farm
from ..test_run import SCENES, chunks, wait_for
from .conftest import HOSTILE


def data_of(folder: Path) -> dict:
    """What the page is told."""
    text = (folder / "data.js").read_text()
    assert text.startswith("interactGallery(")
    assert text.endswith(");\n")
    return json.loads(text[len("interactGallery(") : -3])


def gallery_of(out: Path, folder: Path | None = None) -> Gallery:
    made = Gallery(plan.Outputs(out), "", folder)
    made.refresh(follows=False)
    return made


def colour_of(path: Path) -> list[float]:
    """A picture's mean red, green and blue."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").mean(axis=(0, 1)).tolist()


def test_a_finished_runs_gallery_shows_each_scene_with_its_frame_and_video(finished, dataset, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    done = interact_farm("runs", "gallery", "--results", out)
    assert done.returncode == 0, done.stderr
    (folder,) = out.glob("farm_runs/gallery/*")
    assert done.stdout.strip() == (folder / "index.html").as_uri()
    told = data_of(folder)
    assert (told["run"]["state"], told["run"]["done"], told["run"]["frames"], told["ask"]) == ("done", 36, 36, 0)
    scenarios = databases.scenarios(Dataset.at(dataset))
    for name, card in zip(SCENES, told["cards"], strict=True):
        assert (card["name"], card["state"], card["done"], card["frames"]) == (name, "done", 18, 18)
        shown = folder / unquote(card["video"])
        assert shown.resolve() == (out / "body_renders" / f"{name}.frames-1-18.mp4").resolve()
        assert card["emotion"] == scenarios[name[-3:]].emotion
        assert card["text"] == scenarios[name[-3:]].text
        assert len(card["actors"]) == 2
        thumb = folder / card["picture"].partition("?")[0]
        with av.open(str(thumb)) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 36)
        middle = video.frame_at(shown, 0.5).to_ndarray(format="rgb24").mean(axis=(0, 1))
        assert colour_of(thumb) == pytest.approx(middle.tolist(), abs=6)
    assert not list(folder.rglob("*.partial"))
    # Moved with its results it still finds them.
    moved = out.rename(tmp_path / "moved")
    card = data_of(moved / folder.relative_to(out))["cards"][0]
    assert (moved / folder.relative_to(out) / unquote(card["video"])).is_file()
    # And goes with the rest of the run.
    assert interact_farm("runs", "clean", told["run"]["id"], "--out", moved).returncode == 0
    assert not list(moved.glob("farm_runs/gallery/*"))
    assert len(list(moved.glob("body_renders/*.mp4"))) == 2


def test_the_page_itself_asks_nobody_else_and_runs_no_code_within():
    for name in PAGE:
        text = page(name).decode()
        assert "http:" not in text
        assert "https:" not in text
        for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", " onclick", " onerror", "style="):
            assert word not in text, f"{word} in {name}"


def test_thumbnails_are_made_only_when_there_is_something_newer(finished, tmp_path, monkeypatch):
    out = shutil.copytree(finished, tmp_path / "out")
    made: list[Path] = []
    real = video.frame_at
    monkeypatch.setattr(video, "frame_at", lambda path, part: made.append(path) or real(path, part))
    gallery = gallery_of(out)
    assert len(made) == 2
    gallery.refresh(follows=False)
    again = gallery_of(out)
    assert len(made) == 2
    newer = next(out.glob("body_renders/*.mp4"))
    before = data_of(again.folder)["cards"]
    os.utime(newer, (1.8e9, 1.8e9))
    gallery_of(out)
    assert made[2:] == [newer]
    after = data_of(again.folder)["cards"]
    assert [a["picture"] != b["picture"] for a, b in zip(after, before, strict=True)].count(True) == 1


def test_hostile_text_is_data_and_never_markup(hostile, tmp_path):
    gallery = gallery_of(hostile, tmp_path / "a <b> & 'c'")
    written = (gallery.folder / "data.js").read_bytes()
    assert written.isascii()
    assert b"<" not in written
    card = next(card for card in data_of(gallery.folder)["cards"] if card["name"] == HOSTILE)
    assert card["problem"] == HOSTILE
    assert card["log"][-1] in HOSTILE  # its line's end ends a line
    assert all(card["text"] == HOSTILE for card in data_of(gallery.folder)["cards"] if card["name"] in SCENES)
    # Names of files come from digests, and addresses are quoted.
    assert all(len(path.name) == 20 for path in (gallery.folder / "thumbs").iterdir())
    for other in data_of(gallery.folder)["cards"]:
        assert not set(other["video"]) & set("<>\"' #")
        if other["video"]:
            assert (gallery.folder / unquote(other["video"])).is_file()


def test_numbers_and_texts_of_a_record_that_was_tampered_with_stay_harmless(finished):
    status = runs.status(plan.Outputs(finished))
    strange = replace(status, fps=float("nan"), seconds_left=float("inf"), job=None, workers=((1, "x" * 9999), (2, 3)))
    told = facts.of(strange, Scenes("/nowhere", "../.."), lambda task: "", lambda task: "")
    assert (told["run"]["fps"], told["run"]["left"], told["run"]["job"]) == (None, "", "")
    assert len(told["run"]["workers"][0][1]) < 5000
    assert told["cards"][0]["text"] == ""


def test_time_left_of_a_scene_is_shared_by_the_workers_at_it(finished):
    status = runs.status(plan.Outputs(finished))
    done, half = (
        status.tasks[0],
        replace(status.tasks[1], state="rendering", frames=1000, frames_done=100, seconds=200.0),
    )
    status = replace(status, tasks=(replace(done, seconds=0.0), half))
    lefts = []
    for workers in ((), (("w1", f"{half.name} frame 7"), ("w2", f"{half.name} frame 60"), ("w3", "ready"))):
        told = facts.of(replace(status, workers=workers), Scenes("/nowhere", ""), lambda task: "", lambda task: "")
        lefts.append(told["cards"][1]["left"])
    assert lefts == ["30 min 00 s", "15 min 00 s"]


@pytest.mark.parametrize(
    "name",
    ["../secret.mp4", "body_renders/../secret.mp4", "/etc/hostname", "body_renders/sub/x.mp4", "body_renders", "",
     "other/x.mp4", "body_renders/..", "body_renders/x.mkv"],
)  # fmt: skip
def test_a_record_cannot_name_a_file_that_is_no_result(finished, name):
    task = replace(runs.status(plan.Outputs(finished)).tasks[0], video=name, picture=name)
    assert results.video_of(plan.Outputs(finished), "body", task) is None


def test_a_link_among_the_results_is_not_followed_but_their_folder_may_be_one(finished, tmp_path):
    out = shutil.copytree(finished, tmp_path / "out")
    outputs = plan.Outputs(out)
    task = runs.status(outputs).tasks[0]
    (out / "body_renders").rename(tmp_path / "elsewhere")
    (out / "body_renders").symlink_to(tmp_path / "elsewhere")
    shown = results.video_of(outputs, "body", task)
    assert shown is not None
    shown.rename(tmp_path / "secret.mp4")
    shown.symlink_to(tmp_path / "secret.mp4")
    assert results.video_of(outputs, "body", task) != shown


def test_the_newest_frame_is_of_the_newest_whole_chunk_or_picture(finished, tmp_path):
    outputs = plan.Outputs(tmp_path)
    source = next(finished.glob("body_renders_noaudio/*.mkv"))
    task = replace(runs.status(plan.Outputs(finished)).tasks[0], state="rendering", chunks="scene-1234")
    assert results.newest_frame(outputs, "body", task) is None
    folder = outputs.runs / "chunks" / "scene-1234"
    folder.mkdir(parents=True)
    for number, name in enumerate(("000007-000009.mkv", "000001-000003.mkv", "000004-000006.mkv.12.partial")):
        shutil.copy(source, folder / name)
        os.utime(folder / name, (1e9 + number, 1e9 + number))
    found = results.newest_frame(outputs, "body", task)
    assert found == results.Frame(folder / "000001-000003.mkv", 1.0, 1_000_000_001 * 10**9)
    pictures = outputs.silent("face") / "20231119_001_001"
    pictures.mkdir(parents=True)
    for number in (2, 1):
        (pictures / f"000{number}.png").write_bytes(b"png")
        os.utime(pictures / f"000{number}.png", (1e9 - number, 1e9 - number))
    face = replace(task, picture="face_renders_noaudio/20231119_001_001", chunks="")
    assert results.newest_frame(outputs, "face", face) == results.Frame(
        pictures / "0001.png", 0.0, (10**9 - 1) * 10**9
    )  # fmt: skip


def test_a_part_of_a_video_is_found_without_decoding_all_of_it(tmp_path):
    path = tmp_path / "grey.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 36, "yuv420p", 10
        for number in range(61):
            frame = av.VideoFrame(64, 36, "rgb24")
            frame.planes[0].update(bytes([4 * number]) * frame.planes[0].buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    shades = [video.frame_at(path, part).to_ndarray(format="rgb24").mean() for part in (0, 0.5, 1)]
    assert shades == pytest.approx([0, 120, 240], abs=5)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FarmError):
        video.frame_at(path, 1)


def test_a_big_picture_becomes_a_small_one_of_its_colours(tmp_path):
    frame = av.VideoFrame(1920, 1080, "rgb24")
    frame.planes[0].update(bytes((200, 120, 40)) * (1920 * 1080))
    path = tmp_path / "small.jpg"
    path.write_bytes(thumbnails.jpeg(frame))
    with av.open(str(path)) as container:
        small = next(container.decode(video=0))
    assert (small.width, small.height) == (480, 270)
    assert colour_of(path) == pytest.approx([200, 120, 40], abs=3)


def test_another_page_is_not_written_over(finished, tmp_path):
    (tmp_path / "index.html").write_text("<h1>my own</h1>")
    done = interact_farm("runs", "gallery", "--results", finished, "--out", tmp_path)
    assert done.returncode == 1
    assert "a page of something else" in done.stderr
    assert (tmp_path / "index.html").read_text() == "<h1>my own</h1>"


def test_a_folder_that_cannot_be_written_is_one_sentence(finished, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = interact_farm("runs", "gallery", "--results", finished, "--out", tmp_path / "file" / "gallery")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


def test_options_that_do_not_fit_together_are_refused(finished):
    for words in (["--host", "0.0.0.0"], ["--serve", 0, "--watch"], ["--serve", 70000]):
        assert interact_farm("runs", "gallery", "--results", finished, *words).returncode == 2


def test_watching_follows_a_run_to_its_end_and_changes_nothing_of_it(render, finished, tmp_path):
    out = tmp_path / "out"
    driver = start_farm(*render(out))
    wait_for(lambda: len(chunks(out)) >= 1)
    watcher = start_farm("runs", "gallery", "--results", out, "--out", tmp_path / "gallery", "--watch")
    wait_for(lambda: (tmp_path / "gallery" / "data.js").is_file())
    first = data_of(tmp_path / "gallery")
    assert (first["run"]["state"], first["ask"] > 0) == ("running", True)
    assert first["run"]["done"] < 36
    assert driver.wait(120) == 0
    assert watcher.wait(60) == 0
    last = data_of(tmp_path / "gallery")
    assert (last["run"]["state"], last["run"]["done"], last["ask"]) == ("done", 36, 0)
    assert all(card["picture"] and card["video"] for card in last["cards"])
    names = lambda root: {str(path.relative_to(root)) for path in root.glob("body_renders*/*")}  # noqa: E731
    assert names(out) == names(finished)
    with closing(sqlite3.connect(next(out.glob("farm_runs/state/*.sqlite")))) as db:
        assert db.execute("SELECT count(*) FROM attempts WHERE outcome != 'done'").fetchone()[0] == 0


def test_a_watcher_that_is_stopped_leaves_a_page_that_asks_no_more(render, tmp_path):
    out = tmp_path / "out"
    driver = start_farm(*render(out))
    wait_for(lambda: len(chunks(out)) >= 1)
    watcher = start_farm("runs", "gallery", "--results", out, "--out", tmp_path / "gallery", "--watch")
    wait_for(lambda: (tmp_path / "gallery" / "data.js").is_file())
    watcher.send_signal(signal.SIGINT)
    watcher.wait(30)
    assert data_of(tmp_path / "gallery")["ask"] == 0
    assert driver.wait(120) == 0
