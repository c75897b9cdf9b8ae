"""The commands about body scenes: `interact-farm body ...`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from .. import body
from ..rendering import RenderOptions
from ..report import contacts, tables
from . import console
from .options import (  # fmt: skip
    PATH,
    FrameRange,
    actors_option,
    blender_option,
    camera_option,
    data_option,
    dry_run_option,
    faces_option,
    json_option,
    pin_feet_option,
    render_options,
    rig_option,
)


@click.group("body")
def body_group() -> None:
    """Body scenes: both actors in one picture."""


@body_group.command("render")
@click.argument("job", type=PATH)
@data_option
@render_options
@dry_run_option
@json_option
def body_render(job: Path, data: Path, options: RenderOptions, dry_run: bool, measure: bool, as_json: bool) -> None:
    """Render the scenes that JOB lists, and add their sound.

    What is finished stays; a run that was stopped goes on where it was.
    """
    console.render(body.BODY, job, data, options, dry_run=dry_run, measure=measure, as_json=as_json)


@body_group.command("mux")
@click.argument("job", type=PATH)
@data_option
@click.option("--out", type=PATH, help="Folder of the results.  [default: the data set]")
@click.option("--stereo", is_flag=True, help="The male actor's voice left, the female's right.")
@click.option("--overwrite", is_flag=True, help="Also where the sound is there already.")
@click.option("--frames", type=FrameRange(), help="To the videos that `body render --frames` made.")
@json_option
def body_mux(
    job: Path,
    data: Path,
    out: Path | None,
    stereo: bool,
    overwrite: bool,
    frames: tuple[int, int] | None,
    as_json: bool,
) -> None:
    """Add the sound to the rendered scenes that JOB lists."""
    results = body.mux(job, data, stereo=stereo, overwrite=overwrite, out=out, frames=frames)
    console.report(results, as_json=as_json)


@body_group.command("composite")
@click.argument("scene")
@data_option
@click.option("--save", type=PATH, help="The .blend file to write.")
@click.option("--report", is_flag=True, help="Measure how far standing feet slide and how near hands come.")
@click.option("--template", type=PATH, help="A .blend file with the actors' rigs.")
@blender_option
@camera_option
@pin_feet_option
@actors_option
@faces_option
@rig_option
@json_option
def body_composite(
    scene: str,
    data: Path,
    save: Path | None,
    report: bool,
    template: Path | None,
    blender: Path | None,
    camera: str | None,
    pin_feet: bool,
    actors: str | None,
    faces: str,
    rig: str,
    as_json: bool,
) -> None:
    """Put SCENE's motion and faces on the rigs and save it as a .blend file to open and look at."""
    if save is None and not report:
        raise click.UsageError("name the file to write with --save, or ask for a --report, or both")
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        notices = body.composite(
            scene, data, save or Path(folder) / "scene.blend", template=template, blender=blender, camera=camera,
            actors=actors, faces=faces, rig=rig, pin_feet=pin_feet, report=measured.append if report else None,
        )  # fmt: skip
    if as_json:
        facts = {"scene": scene, "saved": save, "notices": notices, "report": measured[0] if measured else None}
        tables.print_json(console.console(), facts)
        return
    tables.print_notices(console.console(), notices)
    for facts in measured:
        contacts.show(console.console(), facts)
    if save:
        click.echo(f"saved {save}")
