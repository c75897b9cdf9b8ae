"""`interact-farm data stats`: how much a data set has of what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from blender_addon.dataset import layout, queries, stats
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.stats import Amount

from ..report import columns
from .data_options import PATH, data_option, json_option


@click.command("stats")
@data_option
@click.option("--plots", type=PATH, metavar="DIR", help="Draw them as PNG files in this folder.")
@json_option
def data_stats(data: Path, plots: Path | None, as_json: bool) -> None:
    """Count scenes, hours and frames by actor, emotion, relationship and session."""
    found = stats.of(queries.scenes(Dataset.at(data)))
    drawn: list[Path] = []
    if plots:
        from ..report import stats_plots  # matplotlib takes longer than all else

        drawn = stats_plots.draw(plots, found)
    if as_json:
        click.echo(columns.json_text(_facts(found) | {"plots": drawn}))
        return
    _print(found)
    for path in drawn:
        click.echo(f"plot: {path}")


def _groups(found: stats.Stats) -> dict[str, Mapping[str, Amount]]:
    return {
        "actor": found.by_actor,
        "emotion": found.by_emotion,
        "relationship": found.by_relationship,
        "session": found.by_session,
    }


def _facts(found: stats.Stats) -> dict[str, Any]:
    groups = {
        f"by_{name}": {key: _amount(amount) for key, amount in group.items()} for name, group in _groups(found).items()
    }
    return {"total": _amount(found.total), **groups, "missing_files": found.missing}


def _amount(amount: Amount) -> dict[str, Any]:
    return {"scenes": amount.scenes, "frames": amount.frames, "hours": round(amount.hours, 4)}


def _print(found: stats.Stats) -> None:
    total = found.total
    mean = total.frames / layout.FPS / max(total.scenes - total.without_length, 1)
    click.echo(f"{total.scenes} scenes, {total.frames} frames, {_duration(total)}, {mean:.1f} s a scene on average")
    for name, group in _groups(found).items():
        rows = [
            (key, str(a.scenes), str(a.frames), _duration(a), f"{100 * a.frames / max(total.frames, 1):.1f} %")
            for key, a in group.items()
        ]
        click.echo("\n" + "\n".join(columns.lines((name, "scenes", "frames", "length", "share"), rows)))
    if found.missing:
        click.echo("\nfiles missing: " + ", ".join(f"{count} {kind}" for kind, count in found.missing.items()))
    if total.without_length:
        click.echo(f"scenes whose length is not known: {total.without_length}")


def _duration(amount: Amount) -> str:
    return f"{amount.hours:.2f} h" if amount.hours >= 1 else f"{amount.hours * 60:.1f} min"
