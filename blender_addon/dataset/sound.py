"""The samples of a wav file, mapped and not read."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import wav
from .errors import DatasetError

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
#: Sample types by format and bits; 24 bits have none.
_TYPES = {(_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8"}


@dataclass(frozen=True)
class Sound:
    """A wav file: rate in Hz; samples: (N, channels) of the file's own number type, mapped, read-only."""

    path: Path
    rate: int
    samples: np.ndarray

    @property
    def channels(self) -> int:
        return self.samples.shape[1]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def mono(self) -> np.ndarray:
        """All samples as float32 from -1 to 1, (N,): the mean of the channels."""
        kind, values = self.samples.dtype.kind, self.samples.astype(np.float32)
        if kind == "u":
            values = (values - np.float32(128)) / np.float32(128)
        elif kind == "i":
            values = values / (np.float32(np.iinfo(self.samples.dtype).max) + np.float32(1))
        return values.mean(axis=1)


def read(path: Path) -> Sound:
    """A wav file of 8, 16 or 32 bit whole numbers, or of floats; DatasetError for others and for broken ones."""
    path = Path(path)
    wave = wav.read(path)
    try:
        found, rate, start, length = _find(path)
    except struct.error as error:
        raise DatasetError(f"{path}: its wav header is cut short; fetch the wav again") from error
    if found not in _TYPES or not rate:
        raise DatasetError(
            f"{path}: samples of format {found[0]} with {found[1]} bits are not read; make it a wav of 16 bits"
        )
    kind = np.dtype(_TYPES[found])
    count = length // (kind.itemsize * wave.channels)
    if not count:
        raise DatasetError(f"{path}: holds no samples; fetch the wav again or leave this voice out")
    samples = np.memmap(path, kind, "r", start, (count, wave.channels))
    return Sound(path, rate, samples)


def _find(path: Path) -> tuple[tuple[int, int], int, int, int]:
    """(format, bits), rate, and where the samples begin and how many bytes they have, of a wav that wav.read took."""
    size = path.stat().st_size
    found, rate = (0, 0), 0
    with open(path, "rb") as file:
        file.seek(12)
        while True:
            name, length = struct.unpack("<4sI", file.read(8))
            start = file.tell()
            if name == b"fmt ":
                form, _, rate, _, _, bits = struct.unpack("<HHIIHH", file.read(16))
                if form == _EXTENSIBLE and length >= 26:
                    form = struct.unpack("<8xH", file.read(10))[0]
                found = form, bits
            elif name == b"data":
                # Sizes that do not fit into 32 bits, or were never filled in: the samples are what is left.
                whole = size - start if length == wav.UNKNOWN_SIZE else min(length, size - start)
                return found, rate, start, whole
            file.seek(start + length + length % 2)
