"""`interact-farm data scenes` and `data pairs`: what is in a data set. Loads no more than that takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from blender_addon.dataset import queries
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.queries import Filter, Scene

from ..report import columns
from .data_options import data_option, json_option
from .scene_options import filter_options


@click.command("scenes")
@data_option
@filter_options
@json_option
def data_scenes(data: Path, wanted: Filter, as_json: bool) -> None:
    """List the scenes that are all of what is asked for."""
    found = queries.scenes(Dataset.at(data), wanted)
    if as_json:
        click.echo(columns.json_text([_facts(scene, wanted.male_first) for scene in found]))
        return
    # What lacks has a column where anything does.
    lacking = any(scene.missing for scene in found)
    headings = ("scene", "actors", "emotion", "relationship", "length", *(["missing"] if lacking else []), "text")
    rows = []
    for scene in found:
        missing = " ".join(f"{kind}:{actor}" for kind, actor in scene.missing)
        about = scene.emotion, scene.relationship, f"{scene.seconds:.1f} s", *([missing] if lacking else [])
        rows.append((str(scene), " ".join(_cast(scene, wanted.male_first)), *about, scene.text))
    if rows:
        click.echo("\n".join(columns.lines(headings, rows)))
    click.echo(columns.count(len(found), "scene"), err=True)


@click.command("pairs")
@data_option
@click.option("--date", default="", help="Of one session alone, such as 20231119.")
@json_option
def data_pairs(data: Path, date: str, as_json: bool) -> None:
    """List who met whom, on which day, and how many scenes there are of it."""
    found = queries.pairs(Dataset.at(data), date)
    if as_json:
        click.echo(columns.json_text(found))
        return
    rows = [(pair.date, pair.male, pair.female, str(pair.scenes)) for pair in found]
    click.echo("\n".join(columns.lines(("date", "male", "female", "scenes"), rows)))


def _cast(scene: Scene, male_first: bool) -> list[str]:
    return list(scene.actors) if male_first else sorted(scene.actors)


def _facts(scene: Scene, male_first: bool) -> dict[str, Any]:
    return {
        "scene": str(scene),
        "date": scene.date,
        "scenario": scene.scenario,
        "actors": _cast(scene, male_first),
        "emotion": scene.emotion,
        "relationship": scene.relationship,
        "seconds": round(scene.seconds, 3),
        "characters": scene.characters,
        "text": scene.text,
        "missing": [{"kind": kind, "actor": actor} for kind, actor in scene.missing],
    }
