"""The command that shows any motion: `interact-farm video show`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from ..rendering import RenderOptions
from ..report.progress import ProgressView
from . import console
from .options import PATH, show_options


@click.command("show")
@click.argument("motions", metavar="A.bvh [B.bvh]", nargs=-1, required=True, type=PATH)
@click.option(
    "--face",
    "weights",
    metavar="A.npy",
    multiple=True,
    type=PATH,
    help="Face weights, 51 (ARKit) or 55 (ICT) columns; again for B.",
)
@click.option("--wav", "voices", metavar="A.wav", multiple=True, type=PATH, help="The voice; again for B.")
@click.option("--out", "target", metavar="OUT.mp4", type=PATH, help="The video.  [default: A.mp4, here]")
@show_options
def show_command(
    motions: tuple[Path, ...],
    weights: tuple[Path, ...],
    voices: tuple[Path, ...],
    target: Path | None,
    options: RenderOptions,
) -> None:
    """Show the motion of one person or of two, of any skeleton, as a video with their voices.

    Joints are found by their names, or by the shape of the skeleton where names say nothing; units, axes, frame rate
    and missing legs, hands or head do not matter.
    """
    from ..videos.show import show

    if len(motions) > 2:
        raise click.UsageError(f"{len(motions)} motions; a picture has one person or two")
    with ProgressView(Console(stderr=True)) as view, console.stoppable():
        path = show(
            motions, face=weights or None, wav=voices or None, out=target, options=options, watch=view.show,
            tell=console.tell,
        )  # fmt: skip
    click.echo(path)
