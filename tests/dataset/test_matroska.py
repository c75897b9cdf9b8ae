"""Joining MKV files by the standard library alone, held against libav: the same frames, times, tags."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import matroska
from blender_addon.dataset.errors import DatasetError
from farm import video
from tests.farm.test_video import cut, luma, numbers_of, packets, pictures, write_chunk


@pytest.fixture(params=[0, 2], ids=["no-b-frames", "b-frames"])
def chunks(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Three chunks of 17, 1 and 40 frames, numbered through."""
    ranges = [range(17), range(17, 18), range(18, 58)]
    return [write_chunk(tmp_path / f"{n}.mkv", r, b_frames=request.param) for n, r in enumerate(ranges)]


def test_joined_chunks_are_what_libav_makes_of_them(chunks, tmp_path):
    ours, theirs = tmp_path / "ours.mkv", tmp_path / "theirs.mkv"
    assert matroska.join(chunks, ours, tags={"comment": "interact-farm ä"}) == 58
    video.join(chunks, theirs, metadata={"comment": "interact-farm ä"})
    assert numbers_of(ours) == list(range(58))
    assert all(np.array_equal(a, b) for a, b in zip(pictures(ours), pictures(theirs), strict=True))
    facts = video.probe(ours), video.probe(theirs)
    for name in ("frames", "fps", "width", "height", "codec", "pixel_format"):
        assert len({getattr(fact, name) for fact in facts}) == 1, name
    assert facts[0].metadata["comment"] == "interact-farm ä"
    assert facts[0].seconds == facts[1].seconds
    mine, libavs = packets(ours), packets(theirs)
    assert [(p.pts, p.is_keyframe, bytes(p)) for p in mine] == [(p.pts, p.is_keyframe, bytes(p)) for p in libavs]
    video.check(ours, frames=58, size=(64, 48))


def test_a_joined_file_can_be_sought_in(chunks, tmp_path):
    matroska.join(chunks, tmp_path / "out.mkv")
    picture = video.frame_at(tmp_path / "out.mkv", 0.5).to_ndarray()
    assert abs(float(picture[:48].mean()) - luma(29)) < 4


def test_frames_are_timed_by_their_number_over_an_hour(tmp_path):
    chunk = write_chunk(tmp_path / "chunk.mkv", range(100))
    assert matroska.join([chunk] * 1080, tmp_path / "hour.mkv") == 108_000
    shown = [frame.time for frame in matroska.read(tmp_path / "hour.mkv").frames]
    assert shown == [round(number * 1000 / 30) for number in range(108_000)]
    assert video.probe(tmp_path / "hour.mkv").seconds == 3600


def test_a_joined_file_is_read_and_joined_again(chunks, tmp_path):
    once, twice = tmp_path / "once.mkv", tmp_path / "twice.mkv"
    matroska.join(chunks[:2], once, tags={"note": "first"})
    assert matroska.read(once).tags == {"note": "first"}
    matroska.join([once, chunks[2]], twice)
    assert numbers_of(twice) == list(range(58))


def test_what_libav_writes_as_tags_is_read(chunks, tmp_path):
    video.join(chunks, tmp_path / "theirs.mkv", metadata={"comment": "made by libav"})
    assert matroska.read(tmp_path / "theirs.mkv").tags["comment"] == "made by libav"


def test_clips_of_other_settings_or_codecs_are_refused(tmp_path):
    good = write_chunk(tmp_path / "good.mkv", range(4))
    wide = write_chunk(tmp_path / "wide.mkv", range(4), width=96)
    slow = write_chunk(tmp_path / "slow.mkv", range(4), fps=25)
    with pytest.raises(DatasetError, match=r"wide\.mkv: was encoded with other settings than good\.mkv"):
        matroska.join([good, wide], tmp_path / "out.mkv")
    with pytest.raises(DatasetError, match=r"slow\.mkv: its frames are not 30 a second"):
        matroska.join([slow], tmp_path / "out.mkv")
    with pytest.raises(DatasetError, match="no clips to join"):
        matroska.join([], tmp_path / "out.mkv")
    assert {path.name for path in tmp_path.iterdir()} == {"good.mkv", "wide.mkv", "slow.mkv"}


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_file_that_is_cut_short_is_refused(tmp_path, keep):
    whole = write_chunk(tmp_path / "whole.mkv", range(30))
    with pytest.raises(DatasetError, match=r"cut\.mkv"):
        matroska.read(cut(whole, tmp_path / "cut.mkv", keep))


def test_damage_is_an_error_or_changes_frames_only(tmp_path):
    """Any byte may be another: reading ends, and with nothing but a DatasetError."""
    whole = write_chunk(tmp_path / "whole.mkv", range(6)).read_bytes()
    chance = random.Random(5)
    damaged = tmp_path / "damaged.mkv"
    refused = 0
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(3):
            content[chance.randrange(min(1200, len(content)))] = chance.randrange(256)
        damaged.write_bytes(content)
        try:
            matroska.read(damaged)
        except DatasetError:
            refused += 1
    assert refused > 20


def test_other_files_are_no_mkv(tmp_path):
    (tmp_path / "text.mkv").write_text("hello, this is a text and no film at all")
    with pytest.raises(DatasetError, match=r"text\.mkv"):
        matroska.read(tmp_path / "text.mkv")
    with pytest.raises(DatasetError, match="cannot be read"):
        matroska.read(tmp_path / "none.mkv")
