"""What the header of a wav file says, held against the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .errors import DatasetError

#: A data chunk of this size lasts to the end of the file: its writer could not go back to fill in the length.
UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True)
class Wave:
    """A wav file, as its header describes it."""

    path: Path
    channels: int
    seconds: float


def read(path: Path) -> Wave:
    """The facts in the header of a wav file.

    Players play what is left of a file that was cut, so the sizes in the header are held against the file here. Raises
    DatasetError for anything but a RIFF (or RF64) wav that holds all the samples it says.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise DatasetError(f"{path}: no such wav file; check the data set's wav folder")
    size = path.stat().st_size
    if size == 0:
        raise DatasetError(f"{path}: an empty file; fetch the wav again")
    try:
        with path.open("rb") as file:
            wave, end = _parse_riff(path, file, size)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except struct.error as error:
        raise DatasetError(f"{path}: its wav header is cut short; fetch the wav again") from error
    if end > size:
        raise DatasetError(f"{path}: cut short, {end - size} bytes of its samples are missing; fetch the wav again")
    if wave.seconds <= 0:
        raise DatasetError(f"{path}: holds no samples; fetch the wav again or leave this voice out")
    if wave.channels not in (1, 2):
        raise DatasetError(f"{path}: has {wave.channels} channels; give a mono or stereo wav")
    return wave


def _parse_riff(path: Path, file: BinaryIO, size: int) -> tuple[Wave, int]:
    """The wav file's facts, and the offset at which its samples end by its header; struct.error where it breaks off."""
    magic, _, form = struct.unpack("<4sI4s", file.read(12))
    if magic not in (b"RIFF", b"RF64", b"BW64") or form != b"WAVE":
        raise DatasetError(f"{path}: not a RIFF wav file; convert it to wav")
    long_size: int | None = None
    channels = byte_rate = 0
    while True:
        name, length = struct.unpack("<4sI", file.read(8))
        start = file.tell()
        if name == b"ds64":
            long_size = struct.unpack("<QQ", file.read(16))[1]
        elif name == b"fmt ":
            _, channels, _, byte_rate = struct.unpack("<HHII", file.read(12))
        elif name == b"data":
            break
        file.seek(start + length + length % 2)
    if length == UNKNOWN_SIZE:
        length = size - start if long_size is None else long_size
    seconds = length / byte_rate if byte_rate else 0.0
    return Wave(path, channels, seconds), start + length
