"""Pictures: what is whole, what they are made from, and their way into a video."""

import os
import wave

import av
import numpy as np
import pytest

from blender_addon.dataset.naming import PerformanceId
from farm import audio, mux, pictures, plan, video
from farm.errors import FarmError
from farm.subjects import Subject
from farm.task import Task

from . import png_maker


def gradient(width, height, channels, number):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    layers = [(x * 5 + number * 7) % 256, (y * 3) % 256, np.full_like(x, 60), np.full_like(x, 255)]
    return np.stack(layers[:channels], axis=-1).astype(np.uint8)


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, len(samples), "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def test_a_whole_picture_tells_its_size_and_its_comment(tmp_path):
    path = tmp_path / "0001.png"
    png_maker.write(path, gradient(20, 10, 3, 1), "interact-farm abc")
    for found in (pictures.read(path), pictures.decode(path)):
        assert (found.size, found.comment) == ((20, 10), "interact-farm abc")


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
def test_a_picture_that_is_cut_short_is_none(tmp_path, share):
    path = tmp_path / "0001.png"
    png_maker.write(path, gradient(40, 40, 3, 1))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert pictures.read(path) is None
    with pytest.raises(FarmError, match="no whole PNG"):
        pictures.decode(path)


def test_a_flipped_bit_and_lost_rows_are_found_by_decoding(tmp_path):
    path = tmp_path / "0001.png"
    png_maker.write(path, gradient(40, 40, 3, 1))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(FarmError, match="check sum"):
        pictures.decode(path)
    png_maker.write(path, gradient(40, 40, 3, 1))
    whole = path.read_bytes()
    short = tmp_path / "0002.png"
    png_maker.write(short, gradient(40, 30, 3, 1))
    # The header of the one and the pixels of the other.
    short.write_bytes(whole[:33] + short.read_bytes()[33:])
    with pytest.raises(FarmError, match="pixels are missing"):
        pictures.decode(short)
    with pytest.raises(FarmError, match="was not rendered"):
        pictures.decode(tmp_path / "0003.png")


def task_of(folder, out, frames):
    subject = Subject(PerformanceId.parse("20231119_001_001"), frames, (), ())
    return Task(subject, 1, frames, "abc", folder, out, folder.parent, pictures.Pictures())


def test_a_picture_whose_pixels_are_damaged_is_not_done_until_a_video_was_made_of_it(tmp_path):
    """Half a page of zeros, as a power cut leaves them: the file has its length, its header and its end."""
    folder, out = tmp_path / "face", tmp_path / "face.mp4"
    folder.mkdir()
    for number in range(1, 10):
        path = pictures.path_of(folder, number)
        png_maker.write(path, gradient(40, 40, 3, number), f"interact-farm abc frame {number}")
    task = task_of(folder, out, 9)
    assert [(chunk.first, chunk.last) for chunk in task.medium.rendered(task)] == [(1, 9)]
    damaged = pictures.path_of(folder, 4)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 16] = bytes(16)
    damaged.write_bytes(content)
    assert pictures.read(damaged).number == 4
    assert [(chunk.first, chunk.last) for chunk in task.medium.rendered(task)] == [(1, 3), (5, 9)]
    assert task.medium.remains(task).damaged == (damaged,)
    with pytest.raises(FarmError, match=r"0004\.png: is damaged; render it again"):
        pictures.require_undamaged(folder, 1, 9)
    pictures.require_undamaged(folder, 5, 9)
    # A video that was made later had all pixels; one that is older says nothing.
    out.write_bytes(b"")
    later = damaged.stat().st_mtime_ns
    os.utime(out, ns=(later - 1, later - 1))
    assert len(task.medium.rendered(task)) == 2
    os.utime(out, ns=(later + 1, later + 1))
    assert len(task.medium.rendered(task)) == 1


def test_what_was_rendered_last_is_what_is_heard(tmp_path):
    name = PerformanceId.parse("20231119_001_001")
    outputs = plan.Outputs(tmp_path)
    clip, folder = outputs.clip(name), outputs.pictures(name)
    assert outputs.shown(name) == clip
    folder.mkdir(parents=True)
    assert outputs.shown(name) == folder
    clip.write_bytes(b"")
    os.utime(folder, ns=(100, 100))
    for time, last in ((99, folder), (101, clip)):
        os.utime(clip, ns=(time, time))
        assert outputs.shown(name) == last


def test_no_sound_is_put_under_pictures_of_which_one_is_damaged(tmp_path):
    folder, wav = tmp_path / "face", tmp_path / "a.wav"
    folder.mkdir()
    for number in (1, 2, 3):
        png_maker.write(pictures.path_of(folder, number), gradient(40, 40, 3, number))
    write_wav(wav, np.sin(np.arange(4800) / 20) * 0.5)
    damaged = pictures.path_of(folder, 2)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:60] + bytes(16) + whole[76:])
    subject = Subject(PerformanceId.parse("20231119_001_001"), 3, (), (wav,))
    with pytest.raises(FarmError, match=r"0002\.png: is damaged"):
        mux.mux_subject(subject, folder, tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()
    damaged.write_bytes(whole)
    assert mux.mux_subject(subject, folder, tmp_path / "a.mp4").frames == 3


@pytest.mark.parametrize("colour", [(200, 40, 30), (30, 190, 60), (40, 60, 210), (222, 170, 145), (128, 128, 128)])
def test_colours_are_those_of_hd_and_players_are_told_so(tmp_path, colour):
    for number in (1, 2):
        png_maker.write(pictures.path_of(tmp_path, number), np.full((32, 32, 3), colour, np.uint8))
    wav = tmp_path / "a.wav"
    write_wav(wav, np.sin(np.arange(4800) / 20) * 0.5)
    audio.mux(pictures.sequence(tmp_path, 1, 2), [wav], tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0))
        # 1 is BT.709 in the tables of ITU-T H.273 that H.264 and MP4 refer to; 1 of the range is 16 to 235.
        assert (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range) == (1, 1, 1, 1)
        y, u, v = (bytes(plane)[plane.line_size * 4 + 4] for plane in frame.planes)
    # ITU-R BT.709-6, 3.2 to 3.4.
    red, green, blue = np.array(colour) / 255
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    wanted = [16 + 219 * light, 128 + 224 * (blue - light) / 1.8556, 128 + 224 * (red - light) / 1.5748]
    assert np.abs(np.array([y, u, v]) - wanted).max() <= 1.5


@pytest.mark.parametrize(("width", "height", "channels"), [(31, 17, 3), (32, 18, 4), (33, 18, 4)])
def test_odd_sizes_and_transparency_never_break_the_sound(tmp_path, width, height, channels):
    folder = tmp_path / "50%d_001"
    folder.mkdir()
    for number in range(1, 13):
        png_maker.write(pictures.path_of(folder, number), gradient(width, height, channels, number))
    wav = tmp_path / "a.wav"
    write_wav(wav, np.sin(np.arange(48000) / 20) * 0.5)
    sequence = pictures.sequence(folder, 3, 11)
    audio.mux(sequence, [wav], tmp_path / "a.mp4")
    info = video.probe(tmp_path / "a.mp4", audio=True)
    assert (info.frames, info.fps) == (9, 30)
    assert (info.width, info.height) == (width + width % 2, height + height % 2)
    assert abs(info.audio_seconds - 0.3) <= 1024 / 48000
    with av.open(str(tmp_path / "a.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")[:height, :width]
    assert np.abs(first.astype(int) - gradient(width, height, 3, 3)).mean() < 12


def test_pictures_that_do_not_belong_together_are_named(tmp_path):
    for number in (1, 2, 4):
        png_maker.write(pictures.path_of(tmp_path, number), gradient(16 if number < 4 else 18, 16, 3, number))
    with pytest.raises(FarmError, match=r"0003\.png: is missing"):
        pictures.sequence(tmp_path, 1, 4)
    png_maker.write(pictures.path_of(tmp_path, 3), gradient(16, 16, 3, 3))
    with pytest.raises(FarmError, match=r"0004\.png: is 18x16"):
        pictures.sequence(tmp_path, 1, 4)


def test_the_comment_of_a_sequence_is_its_pictures_or_tells_them_apart(tmp_path):
    for number in (1, 2):
        png_maker.write(pictures.path_of(tmp_path, number), gradient(16, 16, 3, number), "interact-farm abc")
    assert pictures.sequence(tmp_path, 1, 2).metadata["comment"] == "interact-farm abc"
    png_maker.write(pictures.path_of(tmp_path, 2), gradient(16, 16, 3, 2))
    mixed = pictures.sequence(tmp_path, 1, 2).metadata["comment"]
    assert mixed.startswith("interact-farm ")
    png_maker.write(pictures.path_of(tmp_path, 2), gradient(16, 16, 3, 5))
    assert pictures.sequence(tmp_path, 1, 2).metadata["comment"] != mixed
