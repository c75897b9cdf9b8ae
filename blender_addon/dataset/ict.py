"""ICT faces: which ICT key is which ARKit key, the basis of the keys, and an actor's own head.

The heads have the topology of ICT-FaceKit (https://github.com/ICT-VGL/ICT-FaceKit): vertices 0 to 14061 are one
surface, from the crown to the collar bones, with the bag of the mouth and the sockets of the eyes; teeth and
eyeballs, which come after them in ICT-FaceKit, are not in the basis. Axes: Y up, the face looks to +Z, the person's
left is +X; centimetres.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import obj
from .blendshapes import ARKIT_NAMES, ICT_NAMES, map_array
from .errors import DatasetError
from .layout import Dataset

#: The surface's parts, by ranges of vertices.
PARTS = {
    "face": range(0, 9409),
    "head and neck": range(9409, 11248),
    "mouth": range(11248, 13294),
    "left socket": range(13294, 13678),
    "right socket": range(13678, 14062),
}
VERTICES = 14062


def sources(arkit: str) -> tuple[str, ...]:
    """The ICT keys that an ARKit key is made of: two where ARKit has one key for both sides, else one.

    cheekRaiser_L and _R belong to no ARKit key, tongueOut has no ICT key.
    """
    for end, side in (("Left", "_L"), ("Right", "_R")):
        name = arkit.removesuffix(end)
        if name != arkit and name + side in ICT_NAMES:
            return (name + side,)
    return tuple(name for name in (arkit, f"{arkit}_L", f"{arkit}_R") if name in ICT_NAMES)


def column(names: Sequence[str], arkit: str) -> int:
    """Where an ARKit key is among names that are ARKit's or ICT's; the first of two halves."""
    return names.index(arkit if arkit in names else sources(arkit)[0])


def load_basis(path: Path) -> np.ndarray:
    """The basis (55, V, 3) float: each ICT key's offsets, in the unit and axes of the templates.

    The file may hold (55, 3V), (3V, 55) or (55, V, 3), x y z packed by vertex; it is mapped into memory, not read.
    Raises DatasetError for another shape, and for what is no plain numeric .npy or holds NaN or infinity.
    """
    count = len(ICT_NAMES)
    table = map_array(path)
    if table.dtype.kind != "f":
        raise DatasetError(f"{path}: the basis of the ICT keys must be fractions, this file holds {table.dtype}")
    shape = table.shape
    if table.ndim == 2 and shape[0] != count and shape[1] == count:
        table = table.T
    if table.ndim == 2 and table.shape[0] == count and table.shape[1] % 3 == 0:
        # Of what lies in memory the other way round, the view is made the other way round too: nothing is copied.
        table = (
            table.reshape(len(table), -1, 3)
            if table.flags.c_contiguous
            else table.T.reshape(-1, 3, len(table)).transpose(2, 0, 1)
        )
    if table.ndim != 3 or table.shape[0] != count or table.shape[2] != 3 or not table.shape[1]:
        raise DatasetError(
            f"{path}: the basis of the ICT keys must have the shape ({count}, 3V), (3V, {count}) or "
            f"({count}, V, 3), this file has {shape}"
        )
    for name, offsets in zip(ICT_NAMES, table, strict=True):
        if not np.isfinite(offsets).all():
            raise DatasetError(f"{path}: {name} holds what is not a finite number")
    return table


def arkit_offsets(basis: np.ndarray) -> np.ndarray:
    """The ARKit keys' offsets (51, V, 3) of a basis (55, V, 3); a key that ARKit has once moves both ICT halves."""
    return np.stack([sum(basis[ICT_NAMES.index(n)] for n in sources(name)) for name in ARKIT_NAMES])


@dataclass(frozen=True)
class Head:
    """An actor's own head in ICT-FaceKit's axes and unit. vertices: (14062, 3); faces: (F, 4), a triangle repeats its
    last corner; keys: (51, 14062, 3) offsets in the order of ARKIT_NAMES."""

    vertices: np.ndarray
    faces: np.ndarray
    keys: np.ndarray


def read_head(template: Path, basis: np.ndarray) -> Head:
    """The head that a template and the basis (55, V, 3) make.

    DatasetError where the template lacks, is broken, has another number of vertices or is no ICT head.
    """
    mesh = obj.read(template)
    count = len(mesh.vertices)
    if count != basis.shape[1]:
        raise DatasetError(f"{template}: has {count} vertices, and the basis of the ICT keys moves {basis.shape[1]}")
    if count < VERTICES:
        raise DatasetError(f"{template}: has {count} vertices, an ICT head has at least {VERTICES}")
    faces = mesh.quads()
    faces = faces[(faces < VERTICES).all(axis=1)]
    if not len(faces) or len(np.unique(faces)) < VERTICES:
        raise DatasetError(f"{template}: its faces do not join all vertices of an ICT head")
    return Head(mesh.vertices[:VERTICES], faces, arkit_offsets(basis[:, :VERTICES]))


@dataclass(frozen=True)
class Heads:
    """own: by actor; broken: {actor: what is wrong with his template, which is there}; notices: why others have no
    head of their own, one sentence each, or one for all, for the user."""

    own: dict[str, Head]
    broken: dict[str, str]
    notices: tuple[str, ...]


def heads(dataset: Dataset, actors: Iterable[str]) -> Heads:
    """The heads that actors have of their own; where the basis lacks or is broken, nobody has one."""
    try:
        basis = load_basis(dataset.ict_basis)
    except DatasetError as error:
        return Heads({}, {}, (f"no actor has his ICT head, all keep the people's faces ({error})",))
    own: dict[str, Head] = {}
    broken: dict[str, str] = {}
    notices = []
    for actor in sorted(actors):
        template = dataset.face_ict_template(actor)
        try:
            own[actor] = read_head(template, basis)
        except DatasetError as error:
            if template.exists():
                broken[actor] = str(error)
            else:
                notices.append(f"actor {actor}: keeps the people's face, his ICT head is not there ({error})")
    return Heads(own, broken, tuple(notices))


def told_of_broken(broken: Mapping[str, str]) -> tuple[str, ...]:
    """What to tell where everybody is made, and whose template is broken keeps the people's face."""
    return tuple(
        f"actor {actor}: keeps the people's face, his ICT head is broken ({why})" for actor, why in broken.items()
    )
