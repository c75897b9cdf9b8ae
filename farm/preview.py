"""A look into a file of face weights: frames of the head in a strip, above the curves of its strongest keys."""

from __future__ import annotations

import tempfile
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import batch, blendshapes, databases, layout, sentences
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import NamingError, PerformanceId

from . import assets
from . import blender as blenders
from .demo.maker import make_dataset
from .errors import FarmError
from .executors.local import do_all
from .pictures import path_of
from .report import curves, drawing

STILLS = 8
_SIDE = 432  # pixels
_LOOK = batch.Look("workbench", (_SIDE, _SIDE), 8)


@dataclass(frozen=True)
class Preview:
    """What was drawn: the keys, strongest first and without their sides, and the frames of the strip, from 1."""

    path: Path
    frames: int
    keys: tuple[str, ...]
    stills: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()


def make(
    source: Path | str,
    out: Path | str,
    data: Path | str | None = None,
    *,
    subset: str = "",
    heads: bool = True,
    blender: Path | str | None = None,
    actors: str | None = None,
) -> Preview:
    """Draw what weights hold, a file of (N, 55) or (N, 51) or the name of a performance, into the PNG `out`.

    data: whose heads are shown, of the actor that the file's name tells, else of the first; without a data set it is
    a built-in head. heads: False for the curves alone, which needs no Blender. blender, actors: as of RenderOptions;
    subset: as of Dataset. DatasetError and FarmError, before Blender starts, for what cannot be read or written.
    """
    out = Path(out).absolute()
    if out.suffix.lower() != ".png":
        raise FarmError(f"{out}: the picture's name ends in .png")
    drawing.require_library()
    dataset = _dataset(data, subset)
    path, performance = _find(source, dataset)
    weights = blendshapes.load_any(path)
    is_ict = weights.shape[1] == len(ICT_NAMES)
    shown = curves.strongest(weights, ICT_NAMES if is_ict else ARKIT_NAMES)
    count = len(weights)
    about = (
        f"{'ICT' if is_ict else 'ARKit'}, {weights.shape[1]} keys · "
        f"{count} frame{'s' * (count > 1)}, {count / layout.FPS:.1f} s · the keys that move most, right sides in black"
    )
    if dataset and performance and (said := sentences.sentence_of(dataset, performance)):
        about += f" · “{textwrap.shorten(said, 70, placeholder='…')}”"
    frames = _spread(count)
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        stills: list[curves.Still] = []
        notices: tuple[str, ...] = ()
        if heads:
            head = choose_head(dataset, performance.actor if performance else "", Path(folder) / "plain")
            few = weights[np.array(frames) - 1]
            rendered, notices = _render(Path(folder), few, head, blender, actors)
            notices = (*filter(None, [head.notice]), *notices)
            stills = [curves.Still(*pair) for pair in zip(frames, rendered, strict=True)]
        curves.draw(out, weights, shown, path.stem, about, stills)
    return Preview(out, count, tuple(curve.name for curve in shown), tuple(s.frame for s in stills), notices)


def _dataset(data: Path | str | None, subset: str) -> Dataset | None:
    """The data set that is named, else the one of this folder, if it is one."""
    if data is not None or subset:
        return Dataset.at(data or ".", subset)
    with suppress(DatasetError):
        return Dataset.at(".")
    return None


def _find(source: Path | str, dataset: Dataset | None) -> tuple[Path, PerformanceId | None]:
    """The file of weights, and the performance that it is, as far as its name tells."""
    path = Path(source)
    performance = None
    with suppress(NamingError):
        performance = PerformanceId.parse(path.stem)
    if dataset and performance and path.name == str(performance) and not path.exists():
        path = dataset.face_weights(performance)
    return path, performance


def _spread(count: int) -> list[int]:
    """The strip's frames, from 1: the middles of equal shares, so that each lies over its place on the curves."""
    stills = min(STILLS, count)
    return [int((n + 0.5) * count / stills) + 1 for n in range(stills)]


@dataclass(frozen=True)
class Head:
    """Whose head is shown: an actor of a data set; notice: why it is not the actor's own, "" where it is."""

    dataset: Dataset
    actor: str
    notice: str = ""


def choose_head(dataset: Dataset | None, actor: str, folder: Path) -> Head:
    """The head of an actor ("" for none known), else the data set's first, else one of a data set made in `folder`."""
    known = _heads(dataset) if dataset else []
    if dataset is None or not known:
        plain = Dataset.at(make_dataset(folder, scenes=1, seconds=1.0).root)
        notice = "the head is a built-in one: no data set tells the actor's; name one with --data"
        return Head(plain, _heads(plain)[0], notice)
    if actor in known:
        return Head(dataset, actor)
    whose = f"it has none of actor {actor}" if actor else "the file's name tells no actor"
    return Head(dataset, known[0], f"the head is that of actor {known[0]} of {dataset.root}: {whose}")


def _heads(dataset: Dataset) -> list[str]:
    """Actors that have a head to show: their own ICT one, or a built-in one where any skeleton is there to carry it."""
    if not dataset.actors_db.is_file():
        return []
    actors = list(databases.actors(dataset))
    if actor_skeletons(dataset):
        return actors
    has_basis = dataset.ict_basis.is_file()
    return [actor for actor in actors if has_basis and dataset.face_ict_template(actor).is_file()]


def _render(
    folder: Path, weights: np.ndarray, head: Head, blender: Path | str | None, actors: str | None
) -> tuple[list[Path], tuple[str, ...]]:
    """Pictures of weights (S, 55) or (S, 51), a few frames, on a head, in a folder; and notices."""
    found = blenders.find(blender)
    people = assets.choose(actors, lambda line: None)
    # A data set of the strip's frames alone, so that one chunk renders them.
    strip = Dataset(folder / "strip")
    performance = PerformanceId("00000000", head.actor, "001")
    is_ict = weights.shape[1] == len(ICT_NAMES)
    path = strip.face_ict(performance) if is_ict else strip.face_arkit(performance)
    for needed in (path.parent, strip.bvhs):
        needed.mkdir(parents=True)
    blendshapes.save_weights(path, weights, durable=False)
    template, pictures = str(folder / "head.blend"), folder / "pictures"
    count = len(weights)
    made, _ = do_all(found, [
        batch.MakeFaceTemplate("head", str(head.dataset.root), template, people, head.actor),
        batch.RenderChunk("strip", str(strip.root), template, str(performance), 1, count, str(pictures), _LOOK),
    ])  # fmt: skip
    return [path_of(pictures, number) for number in range(1, count + 1)], tuple(made["notices"])
