"""The command `interact-farm video present`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from blender_addon.dataset import jobs
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId

from .. import body, face, plan
from ..errors import FarmError
from ..rendering import RenderOptions
from ..videos import present
from . import console
from .options import PATH, FrameSize, data_option, json_option, present_options


@click.command("present")
@click.argument("which", metavar="SCENE|JOB")
@data_option
@click.option(
    "--out",
    "results",
    type=PATH,
    help="Folder with the rendered videos, and for the new ones.  [default: the data set]",
)
@click.option(
    "--size", "shown_size", type=FrameSize(), default="1920x1080", show_default=True, help="Size of the picture."
)
@click.option("--srt", "subtitles", type=PATH, help="Subtitles: a .srt file, or a folder with <scene>.srt.")
@click.option("--font", type=PATH, help="A font file.  [default: Blender's own fonts]")
@click.option("--stereo", "sides", is_flag=True, help="The male actor's voice left, the female's right.")
@click.option("--overwrite", "again", is_flag=True, help="Make again what is there.")
@click.option("--render", "rendering_too", is_flag=True, help="Render bodies and faces that are missing.")
@present_options
@json_option
def present_command(
    which: str,
    data: Path,
    results: Path | None,
    shown_size: tuple[int, int],
    subtitles: Path | None,
    font: Path | None,
    sides: bool,
    again: bool,
    rendering_too: bool,
    options: RenderOptions,
    as_json: bool,
) -> None:
    """Show a scene, or all of a job: its body video with both faces in the upper corners, names, emotion, relationship.

    The videos are presents/<scene>.mp4. Bodies and faces must be rendered, or are by --render, with the options below.
    """
    scenes, problems = present.listed(which)
    for problem in problems:
        console.tell(problem)
    if rendering_too:
        render_missing(scenes, data, replace(options, out=results))
    chosen = present.PresentOptions(shown_size, subtitles, font, results, sides, again)
    made = present.present(scenes, data, chosen, console.tell if not as_json else lambda scene: None)
    console.report(made, as_json=as_json)
    if problems:
        raise FarmError(f"{len(problems)} lines of {which} name no scene: {problems[0]}")


def render_missing(scenes: Sequence[SceneId], data: Path, options: RenderOptions) -> None:
    """Render what is missing of the scenes' bodies and faces; what fails is told, and the scene then fails as well."""
    dataset = Dataset.at(data)
    outputs = plan.Outputs(Path(options.out or dataset.root).absolute())
    bodies, faces = present.missing(scenes, dataset, outputs)
    folder = outputs.runs / present.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    kinds = ((body.BODY, bodies, False), (face.FACE, faces, True))
    for kind, names, as_pictures in kinds:
        if names:
            job = folder / f"{kind.name}_render_job.txt"
            jobs.write(job, names)
            for result in console.do_first(kind, job, data, replace(options, pictures=as_pictures)):
                if result.problem:
                    console.tell(f"{result.scene}: {result.problem}")
