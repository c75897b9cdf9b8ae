"""The commands for other farms: `interact-farm batch ...`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from blender_addon.dataset import check
from blender_addon.dataset.naming import PerformanceId

from .. import batches, body, face, rendering
from ..errors import FarmError
from ..rendering import Kind, RenderOptions
from ..report import tables
from . import console
from .options import PATH, batch_options, data_option, json_option


@click.group("batch")
def batch_group() -> None:
    """Batches for other farms: files that a Blender renders alone."""


@batch_group.command("write")
@click.argument("job", type=PATH)
@data_option
@click.option("--parts", type=click.IntRange(1, batches.MOST_PARTS), required=True, help="So many batches at most.")
@click.option("--out", "folder", metavar="DIR", type=PATH, required=True, help="Folder for the batches.")
@click.option("--kind", type=click.Choice(["body", "face"]), help="What JOB lists.  [default: told by its lines]")
@click.option("--slurm", is_flag=True, help=f"Also {batches.SBATCH}: the batches as a job array.")
@click.option("--openjd", is_flag=True, help=f"Also {batches.OPENJD}: an Open Job Description template.")
@batch_options
@json_option
def batch_write(
    job: Path,
    data: Path,
    parts: int,
    folder: Path,
    kind: str | None,
    slurm: bool,
    openjd: bool,
    options: RenderOptions,
    as_json: bool,
) -> None:
    """Write what is missing of JOB as batches of about equal frames, each for a Blender of its own.

    Every machine has to see data set, results and template under the same paths. Once the batches are rendered,
    `body render` or `face render` with the same options joins them and adds the sound.
    """
    chosen = _kind(job, kind, options)
    if chosen is body.BODY:
        options = replace(options, pictures=False)
    prepared = rendering.prepare(chosen, job, data, replace(options, workers=parts), console.tell)
    errors = Console(stderr=True)
    tables.print_notices(errors, prepared.to_do.notices)
    tables.print_notices(errors, (f"{name}: {why}" for name, why in prepared.to_do.failures.items()))
    written = batches.write(prepared, parts, folder, slurm=slurm, openjd=openjd)
    after = finish_command(chosen, job, data, options)
    if as_json:
        facts = {"batches": written.batches, "scripts": [str(path) for path in written.scripts], "then": after}
        tables.print_json(console.console(), facts | {"failures": prepared.to_do.failures})
    else:
        for found in written.batches:
            click.echo(f"# {found.path.name}: {found.frames} frames of {len(found.scenes)} scenes")
            click.echo(shlex.join(found.command))
        if not written.batches:
            click.echo("nothing is missing")
        for path in written.scripts:
            start = ["sbatch"] if path.name == batches.SBATCH else ["openjd", "run"]
            click.echo(f"# or all of them:\n{shlex.join([*start, str(path)])}")
        click.echo(f"# when they are done:\n{shlex.join(after)}")
    tables.print_notices(errors, (f"{path} is not of this split" for path in written.strangers))
    if prepared.to_do.failures:
        raise FarmError(f"{job}: {len(prepared.to_do.failures)} lines are in no batch")


def finish_command(kind: Kind, job: Path, data: Path, options: RenderOptions) -> list[str]:
    """The command that joins what the batches rendered: the same options, for others would render anew."""
    look = options.look
    size = f"{look.size[0]}x{look.size[1]}" if look.size else None
    frames = f"{options.frames[0]}-{options.frames[1]}" if options.frames else None
    given = {
        "--data": data, "--out": options.out, "--template": options.template, "--blender": options.blender,
        "--engine": look.engine, "--size": size, "--samples": look.samples, "--camera": look.camera,
        "--label": ",".join(look.label), "--quality": look.quality, "--frames": frames, "--actors": options.actors,
    }  # fmt: skip
    if kind is body.BODY:
        given |= {"--rig": options.rig, "--faces": options.faces}
    else:
        given |= {"--format": "png" if options.pictures else "mkv", "--set": options.subset}
    words = [[name, str(value)] for name, value in given.items() if value]
    words += [["--pin-feet"]] if look.pin_feet else []
    return ["interact-farm", kind.name, "render", str(job), *(word for option in words for word in option)]


def _kind(job: Path, named: str | None, options: RenderOptions) -> Kind:
    if named is None:
        ids = check.read(job, options.subset).ids
        named = "face" if ids and isinstance(ids[0], PerformanceId) else "body"
    chosen = face.FACE if named == "face" else body.BODY
    if chosen is face.FACE and options.look.camera:
        raise click.UsageError("--camera is for bodies: each head has its camera in the template")
    if chosen is face.FACE and options.look.pin_feet:
        raise click.UsageError("--pin-feet is for bodies")
    if chosen is body.BODY and options.subset:
        raise click.UsageError("--set is for faces")
    return chosen
