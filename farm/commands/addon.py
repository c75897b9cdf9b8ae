"""The commands for the Blender extension: `interact-farm addon ...`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from .. import addon, addon_check
from ..errors import FarmError
from . import console
from .options import PATH, blender_option


@click.group("addon")
def addon_group() -> None:
    """The extension for Blender's own window: its zip, and installing it."""


@addon_group.command("build")
@click.option("--out", metavar="DIR", type=PATH, default=".", help="Folder for the zip.  [default: here]")
@blender_option
def addon_build(out: Path, blender: Path | None) -> None:
    """Write the extension's zip, to be dragged into Blender; with Blender's own packer where one is found."""
    click.echo(addon.build(out, addon.application(blender)))


@addon_group.command("validate")
@click.argument("package", metavar="[ZIP]", type=PATH, required=False)
@blender_option
def addon_validate(package: Path | None, blender: Path | None) -> None:
    """Look at ZIP, else at what `addon build` would write, and ask Blender what it says of it."""
    found = addon.application(blender)
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        zipped = package or addon.build(folder, found)
        problems = addon_check.problems(zipped)
        for problem in problems:
            click.echo(problem)
        if problems:
            raise FarmError(f"{zipped}: has {len(problems)} problems")
        if found is None:
            console.tell("no Blender application found to ask; --blender names one")
        else:
            addon_check.blenders_opinion(zipped, found)
    click.echo(f"{zipped.name}: good" + (f", says Blender {found.version} too" if found else ""))


@addon_group.command("install")
@click.argument("package", metavar="[ZIP]", type=PATH, required=False)
@blender_option
def addon_install(package: Path | None, blender: Path | None) -> None:
    """Install ZIP, else what `addon build` writes, into a Blender application and enable it."""
    found = addon.application(blender)
    if found is None:
        raise FarmError("no Blender application found; name one with --blender, or drag `addon build`'s zip into it")
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        zipped = package or addon.build(folder, found)
        if problems := addon_check.problems(zipped):
            raise FarmError(f"{zipped}: {problems[0]}")
        addon.install(zipped, found)
    click.echo(f"installed and enabled in {found}; it is in the sidebar of the 3D view (N), under InterAct")
