"""`interact-farm demo`: a small data set, made and rendered."""

from __future__ import annotations

from pathlib import Path

import click

from .. import body
from ..demo.maker import make_dataset
from ..rendering import RenderOptions
from . import console
from .options import PATH, dry_run_option, json_option, render_options


@click.command("demo")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@render_options
@dry_run_option
@json_option
def demo_command(
    folder: Path,
    scenes: int,
    seconds: float,
    seed: int,
    options: RenderOptions,
    dry_run: bool,
    measure: bool,
    as_json: bool,
) -> None:
    """Make a small data set in DIR, render it and add its sound."""
    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed)
    click.echo(f"made {len(made.scenes)} scenes of {seconds:g} s in {folder}", err=True)
    console.render(body.BODY, made.body_job, folder, options, dry_run=dry_run, measure=measure, as_json=as_json)
