"""The command that looks finished results over: `interact-farm verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from blender_addon.dataset import check
from blender_addon.dataset.layout import Dataset

from .. import forms, plan, remedy
from ..errors import FarmError
from ..finding import INPUT, Finding
from ..report import tables
from ..verify import verify
from . import console
from .options import PATH, FrameRange, data_option, json_option, set_option


@click.command("verify")
@click.argument("job", type=PATH)
@data_option
@set_option
@click.option("--out", type=PATH, help="Folder of the results.  [default: the data set, or its --set]")
@click.option("--frames", type=FrameRange(), help="The results of `render --frames` with the same range.")
@click.option("--no-sound", is_flag=True, help="Only the pictures, as `render --no-mux` leaves them.")
@json_option
def verify_command(
    job: Path, data: Path, subset: str, out: Path | None, frames: tuple[int, int] | None, no_sound: bool, as_json: bool
) -> None:
    """Decode the results of JOB and say what is wrong with them.

    Finds frames that are missing, cut short, in another's place, shown twice or black, and sound that ends before
    its picture. Changes nothing.
    """
    dataset = Dataset.at(data, subset)
    outputs = plan.Outputs(Path(out or dataset.recordings).absolute())
    listed = check.read(job, subset)
    findings = [
        Finding(f"line {line.number}", "missing", job, line.problem, cure=INPUT)
        for line in listed.lines
        if line.problem
    ] + verify(dataset, outputs, listed.ids, frames, sound=not no_sound)
    notices = () if frames else forms.beside(outputs, listed.ids)
    report(str(job), findings, len(listed.lines), notices, as_json=as_json)


def report(what: str, findings: Sequence[Finding], results: int, notices: Sequence[str], *, as_json: bool) -> None:
    """Print what is wrong with so many results of a job or run; FarmError where anything is. notices: what is not."""
    tables.print_notices(Console(stderr=True), notices)
    if as_json:
        tables.print_json(console.console(), findings)
    else:
        for found in findings:
            click.echo(f"{found.name}: {found.kind}: {found.text}")
    if findings:
        bad = len({found.name for found in findings})
        raise FarmError(f"{what}: {bad} of {results} results are not whole; {remedy.sentence(findings)}")
    if not as_json:
        click.echo(f"{results} results are whole")
