"""Pictures: what is whole, what they are made from, and their way into a video."""

import wave

import av
import numpy as np
import pytest

from farm import audio, pictures, video
from farm.errors import FarmError

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
