"""`interact-farm doctor`: what this machine can do."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from .. import doctor
from ..errors import FarmError
from ..report import tables
from . import console
from .options import PATH, blender_option, json_option


@click.command("doctor")
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
