"""What is there of a scene's video, what is still to render, and putting it together."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from blender_addon.dataset import matroska
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.parts import Part, Parts, fingerprint
from tests.farm.test_video import numbers_of, write_chunk

SCENE = SceneId("20231119", "001")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """A scene of 20 frames of which nothing is rendered."""
    made = Parts.of(tmp_path, SCENE, 20, "0011223344556677")
    made.folder.mkdir(parents=True)
    return made


def _write(parts: Parts, first: int, last: int) -> Part:
    part = Part(first, last, parts.folder / f"{first:06d}-{last:06d}.mkv")
    parts.take(part, write_chunk(parts.folder / "written.partial", range(first, last + 1)))
    return part


def _picture(parts: Parts, *frames: int) -> None:
    parts.pictures.mkdir(exist_ok=True)
    for frame in frames:
        (parts.pictures / f"{frame:04d}.png").touch()


def test_parts_are_found_in_order_and_frames_that_are_missing(parts):
    assert parts.parts() == []
    assert parts.missing([], []) == list(range(1, 21))
    later, earlier = _write(parts, 9, 12), _write(parts, 1, 4)
    assert parts.parts() == [earlier, later]
    _picture(parts, 6, 15)
    (parts.pictures / "0007.png.host-1.partial").touch()
    assert parts.missing(parts.parts(), parts.pictured()) == [5, 7, 8, 13, 14, 16, 17, 18, 19, 20]
    _write(parts, 5, 8)
    assert parts.pictured() == {15}
    _write(parts, 13, 20)
    assert parts.missing(parts.parts(), parts.pictured()) == []
    parts.join()
    assert numbers_of(parts.video) == list(range(1, 21))
    assert not parts.folder.exists()
    assert parts.finished() == "here"


def test_a_part_is_made_of_pictures_that_follow_one_another_once_they_are_enough(parts, monkeypatch):
    monkeypatch.setattr("blender_addon.dataset.parts.PART_FRAMES", 6)
    assert parts.next_part([], set()) is None
    assert parts.next_part([], {1, 2, 3, 4, 5}) is None
    made = parts.next_part([], set(range(1, 10)))
    assert (made.first, made.last, made.path.name) == (1, 6, "000001-000006.mkv")
    assert parts.next_part([made], set(range(1, 10))) is None
    end = parts.next_part([made], {7, *range(18, 21)})
    assert end is None  # 8 comes first
    end = parts.next_part([made, Part(7, 17, parts.folder)], set(range(18, 21)))
    assert (end.first, end.last) == (18, 20)
    between = parts.next_part([made, Part(9, 20, parts.folder)], {7, 8})
    assert (between.first, between.last) == (7, 8)


def test_what_is_cut_short_has_other_frames_or_overlaps_is_not_there(parts):
    _write(parts, 1, 4)
    whole = (parts.folder / "000001-000004.mkv").read_bytes()
    (parts.folder / "000005-000008.mkv").write_bytes(whole[:-20])
    (parts.folder / "000009-000010.mkv").write_bytes(whole)
    (parts.folder / "000003-000006.mkv").write_bytes(whole)
    (parts.folder / "000018-000021.mkv").write_bytes(whole)
    (parts.folder / "notes.txt").write_text("not a part")
    assert [(part.first, part.last) for part in parts.parts()] == [(1, 4)]
    with pytest.raises(DatasetError, match="not all of its 20 frames are there"):
        parts.join()


def test_a_part_that_is_not_whole_is_gone_and_its_pictures_stay(parts):
    _picture(parts, *range(1, 6))
    beside = write_chunk(parts.folder / "written.partial", range(1, 4))
    with pytest.raises(DatasetError, match="3 of 5 frames were written"):
        parts.take(Part(1, 5, parts.folder / "000001-000005.mkv"), beside)
    assert not beside.exists()
    assert parts.pictured() == set(range(1, 6))


def test_a_video_of_another_making_is_told_apart(parts):
    assert parts.finished() == ""
    parts.video.parent.mkdir(parents=True)
    source = write_chunk(parts.folder / "x.mkv", range(20))
    matroska.join([source], parts.video, tags={"comment": "interact-farm 0123"})
    assert parts.finished() == "elsewhere"
    matroska.join([source], parts.video, tags={"comment": parts.mark.replace("0011", "ffff")})
    assert parts.finished() == ""
    matroska.join([source], parts.video, tags={"comment": parts.mark})
    assert parts.finished() == "here"
    parts.video.write_bytes(parts.video.read_bytes()[:-9])
    assert parts.finished() == ""


def test_fingerprint_is_of_contents_and_settings(tmp_path):
    file = tmp_path / "a.bvh"
    file.write_text("one")
    first = fingerprint([file], "look", 1)
    assert first == fingerprint([file], "look", 1)
    assert first != fingerprint([file], "look", 2)
    file.write_text("two")
    assert first != fingerprint([file], "look", 1)
    file.unlink()
    assert first != fingerprint([file], "look", 1)


def test_pictures_that_a_power_cut_broke_are_rendered_again(parts):
    _picture(parts, 1, 2, 3)
    Image.new("RGB", (64, 36)).save(parts.pictures / "0002.png")
    parts.drop_broken_pictures()
    assert parts.missing([], parts.pictured()) == [1, *range(3, 21)]
