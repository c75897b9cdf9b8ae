"""PNG files: those that are whole, and those that a full disk or a power cut leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from blender_addon.dataset import png


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "0001.png"
    Image.effect_noise((64, 36), 50.0).save(path)
    return path


def test_a_picture_is_whole_also_with_a_comment(picture: Path) -> None:
    assert png.is_whole(picture)
    png.comment(picture, "frame 1")
    assert png.is_whole(picture)
    assert Image.open(picture).info["Comment"] == "frame 1"
    assert png.size_of(picture) == (64, 36)


def test_no_beginning_of_a_picture_is_whole(picture: Path) -> None:
    content = picture.read_bytes()
    for length in range(len(content)):
        picture.write_bytes(content[:length])
        assert not png.is_whole(picture), length


@pytest.mark.parametrize("at", [0, 20, 100, -6, -1])
def test_neither_is_one_with_another_byte_or_one_more(picture: Path, at: int) -> None:
    content = bytearray(picture.read_bytes())
    content[at] ^= 1
    picture.write_bytes(content)
    assert not png.is_whole(picture)
    content[at] ^= 1
    picture.write_bytes(content + b"\0")
    assert not png.is_whole(picture)
