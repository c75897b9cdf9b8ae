"""Joining chunks and checking videos, on real H.264 files whose frames carry their number as brightness."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from farm.errors import FarmError
from farm.video import check, ffmpeg_binary, join, probe, whole_file

WIDTH, HEIGHT = 64, 48


def luma(number: int) -> int:
    return 20 + 2 * number


def write_chunk(path: Path, numbers: range, *, b_frames: int = 0, fps: int | Fraction = 30, width: int = WIDTH) -> Path:
    """An MKV as Blender writes it (libx264, closed GOPs) whose frame n is a plane of brightness luma(n)."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, HEIGHT, "yuv420p"
        stream.options = {"crf": "4", "g": "12", "bf": str(b_frames), "b_strategy": "0", "threads": "1"}
        for number in numbers:
            planes = np.full((HEIGHT * 3 // 2, width), 128, np.uint8)
            planes[:HEIGHT] = luma(number)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray() for picture in container.decode(video=0)]


def numbers_of(path: Path) -> list[int]:
    return [round((float(picture[:HEIGHT].mean()) - 20) / 2) for picture in pictures(path)]


def packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def cut(source: Path, target: Path, keep: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * keep)])
    return target


@pytest.fixture(params=[0, 2], ids=["no-b-frames", "b-frames"])
def chunks(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Three chunks of 17, 1 and 40 frames, numbered through."""
    ranges = [range(17), range(17, 18), range(18, 58)]
    paths = [write_chunk(tmp_path / f"{n}.mkv", r, b_frames=request.param) for n, r in enumerate(ranges)]
    in_display_order = [packet.pts for packet in packets(paths[2])] == sorted(p.pts for p in packets(paths[2]))
    assert in_display_order == (request.param == 0)
    return paths


def test_join_keeps_every_picture_in_order(chunks: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out" / "scene.mkv"
    join(chunks, out)
    assert numbers_of(out) == list(range(58))
    before = [picture for chunk in chunks for picture in pictures(chunk)]
    assert all(np.array_equal(a, b) for a, b in zip(before, pictures(out), strict=True))
    before_packets = [bytes(packet) for chunk in chunks for packet in packets(chunk)]
    assert [bytes(packet) for packet in packets(out)] == before_packets
    assert list(out.parent.iterdir()) == [out]
    check(out, frames=58, size=(WIDTH, HEIGHT))


def test_joined_frames_are_timed_by_their_number(chunks: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "scene.mkv"
    join(chunks * 20, out)
    with av.open(str(out)) as container:
        times = [picture.pts * picture.time_base for picture in container.decode(video=0)]
    assert sorted(packet.pts * packet.time_base for packet in packets(out)) == times
    assert times == [Fraction(round(Fraction(1000 * k, 30)), 1000) for k in range(20 * 58)]
    info = probe(out)
    assert (info.frames, info.fps, info.seconds) == (1160, Fraction(30, 1), Fraction(116, 3))


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_frame_rate_is_exact_even_for_one_frame(fps: int, tmp_path: Path) -> None:
    chunk = write_chunk(tmp_path / "a.mkv", range(1), fps=fps)
    join([chunk], tmp_path / "one.mkv", fps=fps)
    assert probe(tmp_path / "one.mkv").fps == Fraction(fps, 1)
    assert probe(tmp_path / "one.mkv").frames == 1


def test_frame_rate_is_the_one_asked_for(tmp_path: Path) -> None:
    """Not the one that a chunk names: in three frames 29.97 and 30 a second are the same milliseconds."""
    chunk = write_chunk(tmp_path / "a.mkv", range(3), fps=Fraction(30_000, 1001))
    assert probe(chunk).fps == Fraction(30_000, 1001)
    join([chunk], tmp_path / "out.mkv")
    assert probe(tmp_path / "out.mkv").fps == Fraction(30, 1)


def test_tags_are_read_again_under_lower_case_names(tmp_path: Path) -> None:
    chunk = write_chunk(tmp_path / "a.mkv", range(3))
    tags = {"title": "20240126 = 'one'; two", "Interact_Fingerprint": "aBc:1\\2"}
    join([chunk], tmp_path / "out.mkv", metadata=tags)
    metadata = probe(tmp_path / "out.mkv").metadata
    assert metadata["title"] == tags["title"]
    assert metadata["interact_fingerprint"] == tags["Interact_Fingerprint"]


def test_names_of_any_kind_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chunk = write_chunk(tmp_path / "-i %03d 'a': \"b\".mkv", range(3))
    join([Path(chunk.name)], Path("file:-o %d.mkv"))
    assert numbers_of(tmp_path / "file:-o %d.mkv") == [0, 1, 2]


def test_probe_tells_what_the_container_says(tmp_path: Path) -> None:
    info = probe(write_chunk(tmp_path / "a.mkv", range(5), b_frames=2))
    assert (info.frames, info.fps, info.width, info.height) == (5, Fraction(30), WIDTH, HEIGHT)
    assert (info.codec, info.pixel_format, info.audio_seconds) == ("h264", "yuv420p", None)
    assert probe(info.path, audio=True).audio_seconds is None


@pytest.mark.parametrize("content", [None, b"", b"no video " * 400], ids=["missing", "empty", "text"])
def test_no_video_is_refused_by_name(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "bad.mkv"
    if content is not None:
        path.write_bytes(content)
    good = write_chunk(tmp_path / "good.mkv", range(3))
    for refuse in (
        lambda: probe(path),
        lambda: check(path, frames=3),
        lambda: join([good, path], tmp_path / "out.mkv"),
    ):
        with pytest.raises(FarmError, match=r"bad\.mkv"):
            refuse()
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_a_cut_video_is_refused_with_its_count(keep: float, tmp_path: Path) -> None:
    whole = write_chunk(tmp_path / "whole.mkv", range(60))
    path = cut(whole, tmp_path / "cut.mkv", keep)
    with pytest.raises(FarmError, match=r"cut\.mkv: cut short, it holds \d+ of 60 frames"):
        probe(path)
    with pytest.raises(FarmError, match=r"cut\.mkv: .*only \d+ of 60 frames decode"):
        check(path, frames=60)
    with pytest.raises(FarmError, match=r"cut\.mkv"):
        join([whole, path], tmp_path / "out.mkv")
    assert not list(tmp_path.glob("out*"))


def test_a_video_whose_writer_was_killed_is_refused(tmp_path: Path) -> None:
    """A writer that is killed never fills in the duration: the same file with a Void element in its place."""
    path = write_chunk(tmp_path / "killed.mkv", range(20))
    duration, void = b"\x44\x89\x88", b"\xec\x89\x00"
    data = path.read_bytes()
    assert data.count(duration) == 1
    path.write_bytes(data.replace(duration, void))
    with pytest.raises(FarmError, match=r"killed\.mkv: was never finished"):
        probe(path)


def test_check_counts_sizes_and_damage(tmp_path: Path) -> None:
    path = write_chunk(tmp_path / "a.mkv", range(30))
    check(path, frames=30)
    with pytest.raises(FarmError, match="only 30 of 31 frames decode"):
        check(path, frames=31)
    with pytest.raises(FarmError, match="30 frames decode where 29 belong"):
        check(path, frames=29)
    with pytest.raises(FarmError, match="64x48, not 64x50"):
        check(path, frames=30, size=(64, 50))
    data = bytearray(path.read_bytes())
    middle = bytes(packets(path)[12])
    where = data.index(middle)
    data[where + 8 : where + len(middle)] = bytes(byte ^ 0x5A for byte in middle[8:])
    path.write_bytes(data)
    with pytest.raises(FarmError, match=r"a\.mkv: .*only \d+ of 30 frames decode"):
        check(path, frames=30)


def test_damage_to_any_byte_is_an_error_in_words_or_none(tmp_path: Path) -> None:
    """A tag that is no text, a codec that nobody knows: whatever a byte breaks, only FarmError comes of it."""
    good = write_chunk(tmp_path / "good.mkv", range(3)).read_bytes()
    damaged, said = tmp_path / "damaged.mkv", set()
    for at in range(0, len(good), 4):
        damaged.write_bytes(good[:at] + bytes([good[at] ^ 0x95]) + good[at + 1 :])
        for look in (probe, lambda path: check(path, frames=3)):
            try:
                look(damaged)
            except FarmError as error:
                said.add(str(error).split(": ")[1].split(",")[0].split("(")[0])
    assert "holds a picture of no known kind; render it again" in said
    assert len(said) > 3


def test_chunks_of_other_settings_are_refused(tmp_path: Path) -> None:
    first = write_chunk(tmp_path / "first.mkv", range(10))
    wide = write_chunk(tmp_path / "wide.mkv", range(10), width=96)
    with pytest.raises(FarmError, match=r"wide\.mkv: another size than first\.mkv \(96x48, not 64x48\)"):
        join([first, wide], tmp_path / "out.mkv")
    reordered = write_chunk(tmp_path / "reordered.mkv", range(10), b_frames=2)
    with pytest.raises(FarmError, match=r"reordered\.mkv: another encoder settings"):
        join([first, reordered], tmp_path / "out.mkv")
    slow = write_chunk(tmp_path / "slow.mkv", range(10), fps=24)
    with pytest.raises(FarmError, match=r"slow\.mkv: its 10 frames are not 30 a second"):
        join([slow], tmp_path / "out.mkv")
    with pytest.raises(FarmError, match="no chunks"):
        join([], tmp_path / "out.mkv")
    assert not list(tmp_path.glob("out*"))


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    out.write_text("older")

    def fail_halfway() -> None:
        with whole_file(out) as partial:
            partial.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail_halfway()
    assert out.read_text() == "older"
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    chunk = write_chunk(tmp_path / "a.mkv", range(2))
    with pytest.raises(FarmError, match=r"out\.mkv: cannot be written"):
        join([chunk], tmp_path / "taken" / "out.mkv")


def test_without_ffmpeg_on_the_path_its_wheel_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(ffmpeg_binary()).is_file()
    mine = tmp_path / "ffmpeg"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    assert Path(ffmpeg_binary()) == mine
