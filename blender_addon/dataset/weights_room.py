"""Memory for one whole .npy file of plain float32 weights, head and all: it is read and written in one go each.

Converting a data set is made of such reads and writes: fresh memory for each file takes longer to get than the file to
read, and what numpy does with its head takes longer still.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

#: Bytes of numpy's head of a small array.
_HEAD_BYTES = 128


def head_of(frames: int, columns: int) -> bytes:
    """How numpy begins the .npy file of such float32 weights."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {columns}), }}"
    return b"\x93NUMPY\x01\x00" + (_HEAD_BYTES - 10).to_bytes(2, "little") + f"{text:<{_HEAD_BYTES - 11}}\n".encode()


class Room:
    """Room for `frames` of weights; for one thread at a time."""

    def __init__(self, frames: int, columns: int) -> None:
        self._frames, self._columns = frames, columns
        # A byte more, which tells a file that is too long.
        self._bytes = np.empty(_HEAD_BYTES + 4 * frames * columns + 1, np.uint8)

    def place(self, frames: int) -> np.ndarray | None:
        """Where the weights (frames, columns) of a file lie, little-endian float32; None where they do not fit."""
        if frames > self._frames:
            return None
        end = _HEAD_BYTES + 4 * frames * self._columns
        return self._bytes[_HEAD_BYTES:end].view("<f4").reshape(frames, self._columns)

    def read(self, path: Path) -> np.ndarray | None:
        """A file's weights, here; None for one that is not of plain float32, of other columns, or too long."""
        with open(path, "rb", buffering=0) as file:
            size = file.readinto(self._bytes.data)
        frames, rest = divmod(size - _HEAD_BYTES, 4 * self._columns)
        if rest or frames < 1 or self._bytes[:_HEAD_BYTES].tobytes() != head_of(frames, self._columns):
            return None
        return self.place(frames)

    def image(self, weights: np.ndarray) -> memoryview | None:
        """The bytes of the .npy file of weights that lie in `place`; None for others."""
        if weights.dtype != np.dtype("<f4") or weights.shape[1:] != (self._columns,):
            return None
        here = self.place(len(weights))
        if here is None or not weights.flags.c_contiguous or here.ctypes.data != weights.ctypes.data:
            return None
        self._bytes[:_HEAD_BYTES] = np.frombuffer(head_of(*weights.shape), np.uint8)
        return self._bytes[: _HEAD_BYTES + weights.nbytes].data
