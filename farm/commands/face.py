"""The commands for faces: `interact-farm face ...`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from blender_addon.dataset import ict_arkit
from blender_addon.dataset.layout import Dataset

from .. import convert, face, preview
from ..errors import FarmError
from ..rendering import RenderOptions
from ..report import tables
from ..sources import Converted
from . import console
from .options import (  # fmt: skip
    PATH,
    FrameRange,
    actors_option,
    blender_option,
    data_option,
    dry_run_option,
    face_options,
    json_option,
    set_option,
)


@click.group("face")
def face_group() -> None:
    """Faces: one actor's head and voice."""


@face_group.command("to-arkit")
@click.argument("sources", metavar="SRC...", nargs=-1)
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the results, which keep their names.")
@data_option
@set_option
@click.option("--merge", type=click.Choice(ict_arkit.MERGES), default="mean", show_default=True,
              help="How two ICT columns become one.")  # fmt: skip
@click.option("--map", "table", metavar="TOML", type=PATH, help="Your own lines of the table that --explain prints.")
@click.option("--explain", is_flag=True, help="Print which ICT column goes to which ARKit column, as --map takes it.")
@click.option("--overwrite", is_flag=True, help="Also write what is there with other content.")
@json_option
def face_to_arkit(
    sources: Sequence[str],
    out: Path | None,
    data: Path,
    subset: str,
    merge: str,
    table: Path | None,
    explain: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Turn ICT weights (N, 55) into ARKit weights (N, 51).

    SRC is a file, a folder or a glob; with --set all of its ICT weights, unless it is named.
    """
    sources = _of_set(sources, data, subset)
    chosen = ict_arkit.read_table(table) if table else ict_arkit.TABLE
    if explain:
        click.echo(ict_arkit.explain(merge, chosen), nl=False)
        if not sources:
            return
    folder = _wanted(sources, out)
    _report(convert.to_arkit(sources, folder, merge=merge, table=chosen, overwrite=overwrite), folder, as_json)


@face_group.command("to-vertices")
@click.argument("sources", metavar="SRC...", nargs=-1)
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the results, which keep their names.")
@data_option
@set_option
@click.option("--template", metavar="OBJ", type=PATH,
              help="The head at rest.  [default: the actor's, from face_ict_templates/]")  # fmt: skip
@click.option("--basis", metavar="NPY", type=PATH,
              help="The offsets of the ICT keys.  [default: scripts/blendshape_ict.npy]")  # fmt: skip
@click.option("--offsets", is_flag=True, help="Offsets from the head at rest, without any head.")
@click.option("--indices", metavar="FILE", type=PATH,
              help="Vertices to take, from 0: of the head where it has more of them than the basis.")  # fmt: skip
@click.option("--dtype", type=click.Choice(["float32", "float16"]), default="float32", show_default=True,
              help="float16 is half the size, and exact to a hundredth of the data set's centimetres.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Also write what is there with other content.")
@json_option
def face_to_vertices(
    sources: Sequence[str],
    out: Path | None,
    data: Path,
    subset: str,
    template: Path | None,
    basis: Path | None,
    offsets: bool,
    indices: Path | None,
    dtype: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Turn ICT weights (N, 55) into vertices (N, V*3), packed x y z by vertex.

    SRC is a file, a folder or a glob; with --set all of its ICT weights, unless it is named. The actor is told by the
    name, <date>_<actor>_<scenario>.
    """
    sources = _of_set(sources, data, subset)
    folder = _wanted(sources, out)
    if template and offsets:
        raise click.UsageError("--offsets are without a head: give either --template or --offsets")
    heads = convert.Heads(Dataset(data.absolute()), template, basis, indices, offsets)
    tell = _silent if as_json else click.echo
    _report(convert.to_vertices(sources, folder, heads, dtype=dtype, overwrite=overwrite, tell=tell), folder, as_json)


@face_group.command("composite")
@click.argument("performance")
@data_option
@set_option
@click.option("--save", type=PATH, required=True, help="The .blend file to write.")
@click.option("--template", type=PATH, help="A .blend file with a scene mesh-NNN for each actor.")
@blender_option
@actors_option
def face_composite(
    performance: str,
    data: Path,
    subset: str,
    save: Path,
    template: Path | None,
    blender: Path | None,
    actors: str | None,
) -> None:
    """Put PERFORMANCE's weights on its actor's head and save it as a .blend file to open and look at."""
    notices = face.composite(performance, data, save, template=template, blender=blender, actors=actors, subset=subset)
    tables.print_notices(console.console(), notices)
    click.echo(f"saved {save}")


@face_group.command("render")
@click.argument("job", type=PATH)
@data_option
@face_options
@dry_run_option
@json_option
def face_render(job: Path, data: Path, options: RenderOptions, dry_run: bool, measure: bool, as_json: bool) -> None:
    """Render the faces that JOB lists, and add each actor's voice.

    What is finished stays; a run that was stopped goes on where it was.
    """
    console.render(face.FACE, job, data, options, dry_run=dry_run, measure=measure, as_json=as_json)


@face_group.command("mux")
@click.argument("job", type=PATH)
@data_option
@set_option
@click.option("--out", type=PATH, help="Folder of the results.  [default: the data set]")
@click.option("--overwrite", is_flag=True, help="Also where the sound is there already.")
@click.option("--frames", type=FrameRange(), help="To the videos that `face render --frames` made.")
@json_option
def face_mux(
    job: Path, data: Path, subset: str, out: Path | None, overwrite: bool, frames: tuple[int, int] | None, as_json: bool
) -> None:
    """Add the voices to the rendered faces that JOB lists."""
    results = face.mux(job, data, overwrite=overwrite, out=out, frames=frames, subset=subset)
    console.report(results, as_json=as_json)


@face_group.command("preview")
@click.argument("source", metavar="SRC")
@click.option("--out", metavar="PNG", type=PATH, required=True, help="The picture to write.")
@click.option("--data", type=PATH, envvar="INTERACT_DATA", show_default="INTERACT_DATA, else here",
              help="The data set with the actor's head.")  # fmt: skip
@set_option
@click.option("--no-heads", is_flag=True, help="Only the curves; needs no Blender.")
@blender_option
@actors_option
@json_option
def face_preview(
    source: str,
    out: Path,
    data: Path | None,
    subset: str,
    no_heads: bool,
    blender: Path | None,
    actors: str | None,
    as_json: bool,
) -> None:
    """See what a file of weights holds: some frames of the face, and the curves of the keys that move most.

    SRC is a .npy file of ICT or ARKit weights, or the name of a performance of the data set.
    """
    made = preview.make(source, out, data, subset=subset, heads=not no_heads, blender=blender, actors=actors)
    tables.print_notices(Console(stderr=True), made.notices)
    if as_json:
        tables.print_json(console.console(), made)
    else:
        click.echo(f"saved {made.path}")


def _of_set(sources: Sequence[str], data: Path, subset: str) -> Sequence[str]:
    """What is named, else a set's folder of ICT weights."""
    if sources or not subset:
        return sources
    weights = Dataset.at(data, subset).recordings / "face_ict"
    return [str(weights if weights.is_dir() else weights.parent)]


def _wanted(sources: Sequence[str], out: Path | None) -> Path:
    if not sources:
        raise click.UsageError("name what to convert: files, folders or globs")
    if out is None:
        raise click.UsageError("--out must name the folder for the results")
    return out


def _silent(line: str) -> None:
    """Tells nobody: standard output is for JSON."""


def _report(results: Sequence[Converted], folder: Path, as_json: bool) -> None:
    errors = Console(stderr=True)
    failed = [result for result in results if result.problem]
    for result in failed:
        errors.print(f"[red]Error:[/red] {escape(result.problem)}", soft_wrap=True, highlight=False)
    tables.print_notices(errors, (result.notice for result in results if result.notice))
    if as_json:
        tables.print_json(Console(width=200), results)
    else:
        good = [result for result in results if not result.problem]
        there = sum(result.was_there for result in good)
        click.echo(
            f"{len(good)} files, {sum(result.frames for result in good)} frames in {folder}"
            f"{f', {there} were there already' if there else ''}"
        )
    if failed:
        raise FarmError(f"{len(failed)} of {len(results)} files cannot be converted")
