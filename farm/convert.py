"""Converts files of ICT weights, one or a whole data set's: to ARKit weights, and to vertices."""

from __future__ import annotations

import errno
import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import blendshapes, ict, ict_arkit, ict_vertices, obj
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import NamingError, PerformanceId
from blender_addon.dataset.weights_room import Room

from .errors import FarmError
from .sources import Converted, gather, make_folder
from .video import whole_file

#: So many frames or a few more, spread over a file of vertices that is there already, tell whose it is.
_COMPARED = 16

#: Frames of weights that threads have room for, nine minutes; longer files take fresh memory.
_ROOM_FRAMES = 16384

_KEPT = "is there already with other content and is kept; --overwrite writes it anew"


class _Rooms(threading.local):
    """Rooms of each thread: for what it reads and for what it writes."""

    def __init__(self) -> None:
        self.ict, self.arkit = Room(_ROOM_FRAMES, len(ICT_NAMES)), Room(_ROOM_FRAMES, len(ARKIT_NAMES))


_rooms = _Rooms()


def to_arkit(
    given: Iterable[Path | str],
    out: Path | str,
    *,
    merge: str = "mean",
    table: ict_arkit.Table = ict_arkit.TABLE,
    overwrite: bool = False,
) -> list[Converted]:
    """ICT weights (N, 55) to ARKit weights (N, 51) float32, under the same names in the folder `out`.

    given: files, folders (their .npy files) and globs; merge, table: as for ict_arkit.to_arkit. All cores work. One
    result a file, bad ones with their problem. A result that is there with other content is kept with a notice,
    unless `overwrite`. FarmError where nothing can be written.
    """
    files, bad = gather(given, make_folder(out))
    one = functools.partial(_one_to_arkit, merge=merge, table=table, overwrite=overwrite)
    # Threads are enough: reading, copying and writing are numpy's and the system's, which leave Python free.
    workers = os.cpu_count() or 1
    share = -(-len(files) // (8 * workers)) or 1  # of some files, as handing one over takes a tenth of its conversion
    shares = [files[start : start + share] for start in range(0, len(files), share)]
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda pairs: [_attempt(one, pair) for pair in pairs], shares)
        return [*bad, *itertools.chain.from_iterable(done)]


@dataclass(frozen=True)
class Heads:
    """Whose vertices are made.

    template: one OBJ for all, else each actor's own of the data set, else, with `offsets`, none: the vertices are
    offsets. basis: as of ict.load_basis, else the data set's. indices: of ict_vertices.read_indices.
    """

    dataset: Dataset
    template: Path | None = None
    basis: Path | None = None
    indices: Path | None = None
    offsets: bool = False

    def matrices(self) -> Callable[[Path], np.ndarray]:
        """What gives the matrix of a file of weights, for ict_vertices.fill; DatasetError for a bad basis or list."""
        basis_path = self.basis or self.dataset.ict_basis
        try:
            basis = ict.load_basis(basis_path)
        except DatasetError as error:
            if self.basis is None and not basis_path.exists():
                raise DatasetError(
                    f"{error}; name the basis of the ICT keys with --basis, or the data set with --data"
                ) from None
            raise
        indices = None if self.indices is None else ict_vertices.read_indices(self.indices)
        read_template = functools.cache(lambda path: obj.read(path).vertices)

        def matrix_of(source: Path) -> np.ndarray:
            template, name = None, str(basis_path)
            if not self.offsets:
                path = self.template or self._template_of(source)
                template, name = read_template(path), str(path)
            matched = ict_vertices.match(basis, template, indices, name)
            try:
                return ict_vertices.matrix(*matched)
            except DatasetError as error:
                raise DatasetError(f"{name}: {error}") from error

        return matrix_of

    def _template_of(self, source: Path) -> Path:
        try:
            actor = PerformanceId.parse(source.stem).actor
        except NamingError as error:
            raise DatasetError(
                f"{source}: whose head it moves its name does not say ({error}); name a head with --template, "
                "or ask for --offsets"
            ) from error
        path = self.dataset.face_ict_template(actor)
        if not path.is_file():
            raise DatasetError(
                f"{source}: there is no head of actor {actor}, {path}; name one with --template, or ask for --offsets"
            )
        return path


def to_vertices(
    given: Iterable[Path | str],
    out: Path | str,
    heads: Heads,
    *,
    dtype: str = "float32",
    overwrite: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Converted]:
    """ICT weights (N, 55) to vertices (N, V*3) of float32 or float16, under the same names in the folder `out`.

    Vertices are packed [v1x, v1y, v1z, ...]. given, results, overwrite and FarmError: as for `to_arkit`; tell is
    called with a line as each file is done. Memory does not grow with N. DatasetError for a basis that cannot be used.
    """
    matrix_of = heads.matrices()
    files, results = gather(given, make_folder(out))
    for pair in files:
        one = functools.partial(_one_to_vertices, matrix_of=matrix_of, dtype=np.dtype(dtype), overwrite=overwrite)
        results.append(_attempt(one, pair))
        if results[-1].file and not results[-1].notice:
            tell(f"{results[-1].file}: {results[-1].frames} frames{', already there' * results[-1].was_there}")
    return results


def _one_to_arkit(source: Path, out: Path, *, merge: str, table: ict_arkit.Table, overwrite: bool) -> Converted:
    weights = blendshapes.load_weights(source, len(ICT_NAMES), "ICT", _rooms.ict)
    try:
        arkit = ict_arkit.to_arkit(weights, merge, table, out=_rooms.arkit.place(len(weights)))
    except DatasetError as error:
        raise DatasetError(f"{source}: {error}") from error
    if not overwrite and (there := _there(out)) is not None:
        same = there.shape == arkit.shape and there.dtype == arkit.dtype and bool((there == arkit).all())
        return _was_there(source, out, there, same)
    # A result that is lost by a power cut is found unreadable by the next run and made again.
    blendshapes.save_weights(out, arkit, durable=False, room=_rooms.arkit)
    return Converted(source, out, len(arkit))


def _one_to_vertices(
    source: Path, out: Path, *, matrix_of: Callable[[Path], np.ndarray], dtype: np.dtype, overwrite: bool
) -> Converted:
    weights = blendshapes.map_weights(source, len(ICT_NAMES), "ICT")
    rows = matrix_of(source)
    try:
        if not overwrite and (there := _there(out)) is not None:
            newer = source.stat().st_mtime_ns > out.stat().st_mtime_ns
            same = there.dtype == dtype and _holds(there, weights, rows, every=newer)
            return _was_there(source, out, there, same)
        with whole_file(out) as beside:
            _write_vertices(beside, weights, rows, dtype)
    except DatasetError as error:
        raise DatasetError(f"{source}: {error}") from error
    return Converted(source, out, len(weights))


def _write_vertices(path: Path, weights: np.ndarray, rows: np.ndarray, dtype: np.dtype) -> None:
    shape = len(weights), rows.shape[1]
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    begin, row_bytes = whole.offset, whole.strides[0]
    del whole
    _reserve(path)
    # A window of the map at a time: what is written leaves the process's memory, and the system writes it out.
    for start, stop in ict_vertices.blocks(shape[0], rows.shape[1] * 4):
        window = np.memmap(path, dtype, "r+", begin + start * row_bytes, (stop - start, shape[1]))
        ict_vertices.fill(window, weights[start:stop], rows)


def _reserve(path: Path) -> None:
    """Take the file's room on the disk: a full disk is an error here, and a crash when it is met in a memory map."""
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise


def _holds(there: np.ndarray, weights: np.ndarray, rows: np.ndarray, *, every: bool) -> bool:
    """Whether a file that is there holds these vertices: every frame, or as far as some frames of it say."""
    if there.shape != (len(weights), rows.shape[1]):
        return False
    frames = np.arange(len(weights))
    if not every:
        frames = frames[:: max(1, len(frames) // _COMPARED)]
    for part in np.array_split(frames, -(-len(frames) // _COMPARED)):
        wanted = np.empty((len(part), rows.shape[1]), np.float32)
        ict_vertices.fill(wanted, weights[part], rows)
        # Products of other block sizes differ in the last digits.
        rounding = 8 * np.finfo(there.dtype).eps * max(1.0, float(np.abs(wanted).max()))
        if not (np.abs(there[part].astype(np.float32) - wanted) <= rounding).all():
            return False
    return True


def _there(out: Path) -> np.ndarray | None:
    """The array that is there already; None for none, or for one that cannot be read and is made again."""
    if out.exists():
        with suppress(*blendshapes.UNREADABLE):
            return np.lib.format.open_memmap(out, mode="r")
    return None


def _was_there(source: Path, out: Path, there: np.ndarray, same: bool) -> Converted:
    frames = len(there) if there.ndim else 0
    return Converted(source, out, frames, was_there=True, notice="" if same else f"{out} {_KEPT}")


def _attempt(convert: Callable[[Path, Path], Converted], pair: tuple[Path, Path]) -> Converted:
    source, out = pair
    try:
        return convert(source, out)
    except (DatasetError, FarmError) as error:
        return Converted(source, problem=str(error))
    except OSError as error:
        return Converted(source, problem=f"{out}: cannot be written ({error.strerror})")
