"""What the header of a wav file says, held against the file, and its samples."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .errors import DatasetError

#: A data chunk of this size lasts to the end of the file: its writer could not go back to fill in the length.
UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True)
class Wave:
    """A wav file, as its header describes it.

    rate: samples a second; coding: 1 whole numbers, 3 floats, others compressed; bits: of a sample; start: where in
    the file the samples begin; size: their bytes; lacking: how many of those the file does not have.
    """

    path: Path
    channels: int
    seconds: float
    rate: int = 0
    coding: int = 0
    bits: int = 0
    start: int = 0
    size: int = 0
    lacking: int = 0


#: Samples are plain numbers: whole or floating.
WHOLE, FLOATING = 1, 3
#: The coding stands in the first two bytes of the sub-format, further on.
_EXTENSIBLE = 0xFFFE


def read(path: Path) -> Wave:
    """The facts in the header of a wav file.

    Players play what is left of a file that was cut, so the sizes in the header are held against the file here. Raises
    DatasetError for anything but a RIFF (or RF64) wav that holds all the samples it says.
    """
    wave = describe(path)
    path = wave.path
    if wave.lacking:
        raise DatasetError(f"{path}: cut short, {wave.lacking} bytes of its samples are missing; fetch the wav again")
    if wave.seconds <= 0:
        raise DatasetError(f"{path}: holds no samples; fetch the wav again or leave this voice out")
    if wave.channels not in (1, 2):
        raise DatasetError(f"{path}: has {wave.channels} channels; give a mono or stereo wav")
    return wave


def describe(path: Path) -> Wave:
    """What the header of a wav file says, whatever that is; DatasetError where there is none."""
    path = Path(path).absolute()
    if not path.is_file():
        raise DatasetError(f"{path}: no such wav file; check the data set's wav folder")
    size = path.stat().st_size
    if size == 0:
        raise DatasetError(f"{path}: an empty file; fetch the wav again")
    try:
        with path.open("rb") as file:
            return _parse_riff(path, file, size)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except struct.error as error:
        raise DatasetError(f"{path}: its wav header is cut short; fetch the wav again") from error


def samples(wave: Wave) -> np.ndarray | None:
    """All samples that the file has, channels one after another: whole numbers as they are, floats as float32.

    24 bits come as int32, shifted up. None for compressed ones. DatasetError where they cannot be read.
    """
    width = wave.bits // 8
    kind = _NUMBERS.get((wave.coding, wave.bits))
    if kind is None:
        return None
    count = (wave.size - wave.lacking) // width
    try:
        with wave.path.open("rb") as file:
            file.seek(wave.start)
            data = file.read(count * width)
    except OSError as error:
        raise DatasetError(f"{wave.path}: cannot be read ({error.strerror})") from error
    if wave.bits == 24:
        raw = np.zeros((len(data) // 3, 4), np.uint8)
        raw[:, 1:] = np.frombuffer(data, np.uint8, len(raw) * 3).reshape(-1, 3)
        return raw.view("<i4")[:, 0]
    found = np.frombuffer(data, kind, len(data) // width)
    if kind == "u1":
        return found.astype(np.int16) - 128
    return found.astype(np.float32) if kind == "<f8" else found


_NUMBERS = {
    (WHOLE, 8): "u1", (WHOLE, 16): "<i2", (WHOLE, 24): "<i4", (WHOLE, 32): "<i4",
    (FLOATING, 32): "<f4", (FLOATING, 64): "<f8",
}  # fmt: skip


def _parse_riff(path: Path, file: BinaryIO, size: int) -> Wave:
    """The wav file's facts; struct.error where it breaks off."""
    magic, _, form = struct.unpack("<4sI4s", file.read(12))
    if magic not in (b"RIFF", b"RF64", b"BW64") or form != b"WAVE":
        raise DatasetError(f"{path}: not a RIFF wav file; convert it to wav")
    long_size: int | None = None
    coding = channels = rate = byte_rate = bits = 0
    while True:
        name, length = struct.unpack("<4sI", file.read(8))
        start = file.tell()
        if name == b"ds64":
            long_size = struct.unpack("<QQ", file.read(16))[1]
        elif name == b"fmt ":
            coding, channels, rate, byte_rate, _, bits = struct.unpack("<HHIIHH", file.read(16))
            if coding == _EXTENSIBLE and length >= 26:
                coding = struct.unpack("<8xH", file.read(10))[0]
        elif name == b"data":
            break
        file.seek(start + length + length % 2)
    if length == UNKNOWN_SIZE:
        length = size - start if long_size is None else long_size
    seconds = length / byte_rate if byte_rate else 0.0
    lacking = max(start + length - size, 0)
    return Wave(path, channels, seconds, rate, coding, bits, start, length, lacking)
