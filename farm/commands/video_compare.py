"""The command `interact-farm video compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import FarmError
from ..rendering import RenderOptions
from ..videos.compare import CompareOptions, compare, names_of
from ..videos.motion_source import Source
from . import console
from .options import PATH, compare_options, json_option


class Labelled(click.ParamType):
    """`SRC=LABEL`, or `SRC` to be called by its folder's name."""

    name = "SRC=LABEL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Source:
        if isinstance(value, Source):
            return value
        text = str(value)
        # A folder may have the sign in its name.
        path, _, label = (text, "", "") if Path(text).is_dir() else text.rpartition("=")
        if not path:
            self.fail(f"{text!r} is no folder; write SRC=LABEL, such as results/model_a=Model A", param, ctx)
        folder = Path(path).absolute()
        return Source(folder, label.strip() or folder.name)


class Seconds(click.ParamType):
    """`A-B`: seconds from the scene's beginning."""

    name = "A-B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        first, _, last = str(value).partition("-")
        try:
            found = float(first), float(last)
        except ValueError:
            self.fail(f"{value!r} is no part of a scene: write seconds, such as 12.0-20.0", param, ctx)
        if not 0 <= found[0] < found[1] < 1e6:
            self.fail(f"{value!r} is no part of a scene: the first second comes before the last", param, ctx)
        return found


@click.command("compare")
@click.argument("target", metavar="OUT", type=PATH)
@click.argument("sources", metavar="SRC=LABEL SRC=LABEL...", nargs=-1, required=True, type=Labelled())
@click.option("--scene", default="", help="<date>_<scenario>, or <date>_<actor>_<scenario> for a face.  "
              "[default: the one that all sources have]")  # fmt: skip
@click.option("--job", type=PATH, help="Many of them: a job file; OUT is then the folder of the videos.")
@click.option("--clip", type=Seconds(), help="Only these seconds, such as 12.0-20.0.")
@click.option("--sound", default="", metavar="LABEL", help="Whose wavs are heard.  [default: the first's]")
@click.option("--blind", is_flag=True, help="Letters in random order instead of labels, and a key file beside OUT.")
@click.option("--seed", type=click.IntRange(0), help="Of that order.  [default: that of the key file, else any]")
@click.option("--font", type=PATH, help="A font file.  [default: Blender's own fonts]")
@click.option("--overwrite", "again", is_flag=True, help="Make again what is there.")
@compare_options
@json_option
def compare_command(
    target: Path,
    sources: tuple[Source, ...],
    scene: str,
    job: Path | None,
    clip: tuple[float, float] | None,
    sound: str,
    blind: bool,
    seed: int | None,
    font: Path | None,
    again: bool,
    options: RenderOptions,
    as_json: bool,
) -> None:
    """Show the same scene from several folders of motion, side by side and frame by frame, rendered alike.

    SRC is a data set, or a folder of <performance>.bvh and .npy files. The first is a data set: it says where the
    camera stands, who the actors are, and lends the others what they lack.
    """
    if scene and job:
        raise click.UsageError("name either a --scene or a --job")
    names, problems = names_of(sources, scene, job)
    for problem in problems:
        console.tell(problem)
    size = options.look.size or CompareOptions.size
    chosen = CompareOptions(size, clip, sound, blind, seed, again, font)
    results = compare(
        target, sources, names, chosen, options, as_folder=job is not None, render=console.do_first,
        tell=console.tell,
    )  # fmt: skip
    console.report(results, as_json=as_json)
    if problems:
        raise FarmError(f"{len(problems)} lines of {job} name nothing: {problems[0]}")
