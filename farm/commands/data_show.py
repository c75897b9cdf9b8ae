"""`interact-farm data show`: all about one scene."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from blender_addon.dataset import blendshapes, bvh, databases, layout, queries, wav
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.performance import KINDS, Performance
from blender_addon.dataset.queries import Scene

from ..report import columns
from .data_options import PATH, data_option, json_option


@click.command("show")
@click.argument("name", metavar="SCENE")
@data_option
@click.option("--plot", type=PATH, metavar="PNG",
              help="Draw its strongest keys, loudness, the distance between the two and their gaze.")  # fmt: skip
@json_option
def data_show(name: str, data: Path, plot: Path | None, as_json: bool) -> None:
    """Tell all about SCENE: what it is about, who plays, which files there are and how long they last."""
    dataset = Dataset.at(data)
    scene = queries.scene(dataset, SceneId.parse(name))
    facts = _facts(dataset, scene)
    if plot:
        from ..report import scene_plot  # matplotlib takes longer than all else

        scene_plot.draw(plot, scene)
    if as_json:
        click.echo(columns.json_text(facts | {"plot": plot}))
        return
    _print(facts)
    if plot:
        click.echo(f"plot: {plot}")


def _facts(dataset: Dataset, scene: Scene) -> dict[str, Any]:
    known = databases.actors(dataset)
    return {
        "scene": str(scene),
        "date": scene.date,
        "scenario": scene.scenario,
        "emotion": scene.emotion,
        "relationship": scene.relationship,
        "characters": scene.characters,
        "text": scene.text,
        "frames": scene.frames,
        "seconds": round(scene.seconds, 3),
        "performances": [
            {
                "performance": str(performance),
                "actor": performance.actor,
                "gender": known[performance.actor].gender if performance.actor in known else "",
                "files": {kind: _file(dataset, performance, kind) for kind in KINDS},
            }
            for performance in scene.performances
        ],
    }


def _file(dataset: Dataset, performance: Performance, kind: str) -> dict[str, Any]:
    """Where a file lies below the root, its seconds, and what keeps it from being read, "" where nothing does."""
    path = performance.files[kind]
    facts = {"path": path.relative_to(dataset.root).as_posix(), "seconds": 0.0, "problem": ""}
    if not path.is_file():
        erratum = kind in ("arkit", "ict") and performance.id in layout.ERRATA_WITHOUT_FACE
        return facts | {"problem": "missing (known to the data set's authors)" if erratum else "missing"}
    try:
        return facts | {"seconds": round(_SECONDS[kind](path), 3)}
    except DatasetError as error:
        return facts | {"problem": str(error)}


def _motion_seconds(path: Path) -> float:
    frames, frame_time = bvh.read_declared(path)
    return frames * frame_time


_SECONDS: dict[str, Callable[[Path], float]] = {
    "motion": _motion_seconds,
    "arkit": lambda path: blendshapes.read_shape(path)[0] / layout.FPS,
    "ict": lambda path: blendshapes.read_shape(path)[0] / layout.FPS,
    "wav": lambda path: wav.read(path).seconds,
}


def _print(facts: dict[str, Any]) -> None:
    click.echo(f"{facts['scene']}  {facts['emotion']}, {facts['relationship']}, {facts['seconds']:.1f} s")
    for text in (facts["characters"], facts["text"]):
        click.echo(textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="  "))
    rows = []
    for performance in facts["performances"]:
        for kind, file in performance["files"].items():
            whose = f"{performance['actor']} {performance['gender']}"
            rows.append((whose, kind, f"{file['seconds']:.2f} s", file["path"], file["problem"]))
    click.echo("\n".join(columns.lines(("actor", "file", "length", "path", "problem"), rows)))
