"""Samples of every width are read as what they are, and a voice is judged alike in all of them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import wav
from blender_addon.dataset.checks import voice

#: Coding and bits.
FORMS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)]
TONE = 0.7 * np.sin(np.arange(4800) * 0.05)


def write(
    path: Path, sound: np.ndarray, coding: int, bits: int, *, channels: int = 1, extensible: bool = False
) -> None:
    """A wav of floats in -1 to 1; channels alternate."""
    if coding == 3:
        data = sound.astype(f"<f{bits // 8}").tobytes()
    else:
        whole = np.clip(np.round(sound * 2.0 ** (bits - 1)), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype("<i8")
        if bits == 8:
            whole += 128
        data = whole.view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else coding, channels, 48000, 48000 * frame, frame, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, coding) + bytes.fromhex("000000001000800000aa00389b71")
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


def codes(path: Path) -> list[str]:
    return [code.code for code, _ in voice.examine(path, deep=True).found]


@pytest.mark.parametrize(("coding", "bits"), FORMS)
@pytest.mark.parametrize("extensible", [False, True])
def test_samples_are_what_was_written(tmp_path, coding, bits, extensible):
    write(tmp_path / "a.wav", TONE, coding, bits, extensible=extensible)
    wave = wav.read(tmp_path / "a.wav")
    assert (wave.rate, wave.coding, wave.bits, wave.seconds) == (48000, coding, bits, 0.1)
    samples = wav.samples(wave)
    assert samples is not None
    full = 1.0 if coding == 3 else 2.0 ** (31 if bits == 24 else bits - 1)
    np.testing.assert_allclose(samples / full, TONE, atol=2.0 ** -(min(bits, 24) - 1))


@pytest.mark.parametrize(("coding", "bits"), FORMS)
def test_silence_and_clipping_are_seen_in_every_form(tmp_path, coding, bits):
    path = tmp_path / "a.wav"
    for sound, wanted in (
        (TONE, []),
        (TONE * 0.0, ["IA405"]),
        (np.clip(TONE * 3, -1, 1), ["IA406"]),
        (np.clip(TONE * 3, None, 1), ["IA406"]),
        (TONE / 0.7, []),  # as loud as can be, and whole
    ):
        write(path, sound, coding, bits)
        # Of 8 bits the crests of whole waves are flat: nobody can tell.
        assert codes(path) == ([] if bits == 8 and wanted == ["IA406"] else wanted)


def test_one_clipped_channel_of_two_is_enough(tmp_path):
    sound = np.stack((TONE, np.clip(TONE * 3, -1, 1)), axis=1).ravel()
    write(tmp_path / "a.wav", sound, 1, 16, channels=2)
    assert codes(tmp_path / "a.wav") == ["IA406"]


def test_compressed_samples_are_told_and_not_guessed(tmp_path):
    write(tmp_path / "a.wav", TONE, 1, 8)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[20:22] = struct.pack("<H", 7)  # mu-law
    (tmp_path / "a.wav").write_bytes(content)
    assert wav.samples(wav.read(tmp_path / "a.wav")) is None
    assert codes(tmp_path / "a.wav") == ["IA404"]
