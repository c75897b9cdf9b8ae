"""Options that command groups share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from blender_addon.dataset import batch

from ..executors.place import Place
from ..faults import Faults
from ..rendering import RenderOptions
from .data_options import PATH, set_option
from .data_options import data_option as data_option  # what renders has these two as well
from .data_options import json_option as json_option


def _is_number(text: str) -> bool:
    """Whether a text is a whole number in plain digits: `isdigit` alone takes superscripts too."""
    return text.isascii() and text.isdigit()


class FrameRange(click.ParamType):
    """`A-B` or `A`: frames from 1, both counted."""

    name = "A-B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, dash, last = str(value).partition("-")
        if not _is_number(first) or (dash and not _is_number(last)):
            self.fail(f"{value!r} is no range of frames: write A-B, such as 1-90", param, ctx)
        found = int(first), int(last or first)
        if not 1 <= found[0] <= found[1]:
            self.fail(f"{value!r} is no range of frames: they count from 1, the first not after the last", param, ctx)
        return found


class FrameSize(click.ParamType):
    """`WxH` in pixels, both even, as H.264 has it."""

    name = "WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        width, _, height = str(value).lower().partition("x")
        if not (_is_number(width) and _is_number(height)):
            self.fail(f"{value!r} is no size: write WxH, such as 1280x720", param, ctx)
        found = int(width), int(height)
        if min(found) < 16 or max(found) > 8192 or found[0] % 2 or found[1] % 2:
            self.fail(f"{value!r}: sides must be even and between 16 and 8192", param, ctx)
        return found


class Label(click.ParamType):
    """What to burn into the picture: some of batch.LABEL_PARTS, by commas."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        unknown = [part for part in parts if part not in batch.LABEL_PARTS]
        if unknown or len(set(parts)) < len(parts):
            self.fail(f"{value!r} is no label: write some of {','.join(batch.LABEL_PARTS)}, each once", param, ctx)
        return parts


class Gpus(click.ParamType):
    """Numbers of graphics cards, by commas."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")]
        if not all(_is_number(part) for part in parts):
            self.fail(f"{value!r} are no graphics cards: write their numbers from 0, such as 0,1", param, ctx)
        found = tuple(map(int, parts))
        if len(set(found)) < len(found):
            self.fail(f"{value!r} names a graphics card twice; more --workers than cards share them", param, ctx)
        return found


def camera_option(command: Callable) -> Callable:
    return click.option(
        "--camera", metavar="auto|wide|side|over-A|over-B|orbit|NAME", callback=lambda _c, _p, value: value or None,
        help="How to film; NAME is a camera of the template.  [default: the template's]",
    )(command)  # fmt: skip


def pin_feet_option(command: Callable) -> Callable:
    return click.option(
        "--pin-feet", is_flag=True, help="Keep feet that stand from sliding where a rig's legs are not the actor's."
    )(command)


def dry_run_option(command: Callable) -> Callable:
    measure = click.option(
        "--measure", is_flag=True, help="With --dry-run: render a few frames in a temporary folder to estimate by."
    )
    return click.option(
        "--dry-run", is_flag=True, help="Only print the plan: what would be rendered, why, and what it takes."
    )(measure(command))


def blender_option(command: Callable) -> Callable:
    return click.option("--blender", type=PATH, help="A Blender executable (4.2 or newer).")(command)


def actors_option(command: Callable) -> Callable:
    return click.option(
        "--actors", type=click.Choice(["people", "mannequin"]), envvar="INTERACT_ACTORS",
        show_default="INTERACT_ACTORS, else people, and mannequins where their data cannot be had",
        help="Who plays in the built-in template.",
    )(command)  # fmt: skip


def rig_option(command: Callable) -> Callable:
    return click.option(
        "--rig", type=click.Choice(batch.RIGS), default=batch.CAPTURE, show_default=True,
        help="Whose bones the built-in people have: the data set's own joints, or a rig of that naming in an A-pose.",
    )(command)  # fmt: skip


def faces_option(command: Callable) -> Callable:
    return click.option(
        "--faces", type=click.Choice(batch.FACES), default="people", show_default=True,
        help="The faces of built-in people: their own, or the data set's ICT heads of the actors.",
    )(command)  # fmt: skip


def render_options(command: Callable) -> Callable:
    """The options of everything that renders body scenes, gathered into one `options` argument."""
    return _gathered(command, (
        *_PLACES, *_LOOK, camera_option, pin_feet_option, *_RANGE, _STEREO, *_ENDS, *_PLACE, actors_option, rig_option,
        faces_option,
    ))  # fmt: skip


def face_options(command: Callable) -> Callable:
    """The options of rendering faces, gathered into one `options` argument."""
    return _gathered(command, (set_option, *_PLACES, *_LOOK, *_RANGE, _FORM, *_ENDS, *_PLACE, actors_option))


def present_options(command: Callable) -> Callable:
    """The options of rendering what `video present` shows, gathered into one `options` argument."""
    return _gathered(command, (*_PLACES[1:4], _ENGINE, _QUALITY, actors_option))


def compare_options(command: Callable) -> Callable:
    """The options of rendering what `video compare` shows, gathered into one `options` argument."""
    look = (option for option in _LOOK if option is not _LABEL)
    return _gathered(command, (
        *_PLACES, *look, camera_option, pin_feet_option, actors_option, rig_option, faces_option,
    ))  # fmt: skip


def batch_options(command: Callable) -> Callable:
    """The options that decide what a batch of scenes or of faces renders, gathered into one `options` argument."""
    results = click.option("--results", "out", type=PATH, help="Folder for the results, as --out of `render`.")
    return _gathered(command, (
        set_option, _TEMPLATE, blender_option, *_LOOK, camera_option, pin_feet_option, *_RANGE[:2], _FORM, results,
        actors_option, rig_option, faces_option,
    ))  # fmt: skip


def show_options(command: Callable) -> Callable:
    """The options of showing a motion that is in no data set, gathered into one `options` argument."""
    look = (option for option in _LOOK if option is not _LABEL)
    return _gathered(command, (blender_option, *look, camera_option, pin_feet_option, actors_option))


def _gathered(command: Callable, options: Sequence[Callable]) -> Callable:
    @wraps(command)
    def gathered(**given: Any) -> Any:
        faults = Faults(**{f.name: given.pop(f.name) for f in fields(Faults) if f.name in given})
        look = {f.name: given.pop(f.name) for f in fields(batch.Look) if f.name in given}
        if "executor" in given:
            given["place"] = _place(given)
        if "no_mux" in given:
            given["mux"] = not given.pop("no_mux")
        if "form" in given:
            given["pictures"] = given.pop("form") == "png"
        chosen = {f.name: given.pop(f.name) for f in fields(RenderOptions) if f.name in given}
        return command(options=RenderOptions(look=batch.Look(**look), faults=faults, **chosen), **given)

    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def _place(given: dict[str, Any]) -> Place:
    """Takes its options out of `given`. A scheduler or a cluster file says that it is Dask."""
    scheduler, cluster = given.pop("scheduler"), given.pop("cluster")
    if scheduler and cluster:
        raise click.UsageError("--scheduler joins a Dask that runs, --cluster starts one: name one of them")
    executor = "dask" if scheduler or cluster else given["executor"]
    del given["executor"]
    return Place(executor, scheduler, str(cluster or ""), given.pop("insecure"))


_TEMPLATE = click.option("--template", type=PATH, help="A .blend file with the actors' rigs or heads.")
_PLACES = (
    _TEMPLATE,
    blender_option,
    click.option("--workers", type=click.IntRange(1, 256),
                 help="Blenders at a time.  [default: one a card of --gpus, else half the cores, at least two]"),
    click.option("--threads", type=click.IntRange(1, 1024),
                 help="Threads of each Blender.  [default: the cores shared out]"),
    click.option("--gpus", type=Gpus(), default=(), metavar="LIST",
                 help="Graphics cards for Cycles, by number: --gpus 0,1; the workers share them."),
)  # fmt: skip
_ENGINE = click.option(
    "--engine", type=click.Choice(["auto", "workbench", "eevee", "cycles"]),
    help="Render engine; auto is EEVEE with a GPU, else Workbench.  [default: the template's]",
)  # fmt: skip
_QUALITY = click.option(
    "--quality", type=click.Choice(batch.QUALITIES),
    help="A preset; engine, samples and size that are named win over it.",
)  # fmt: skip
_LABEL = click.option(
    "--label", type=Label(), default="", metavar="LIST",
    help=f"Burn in, of {','.join(batch.LABEL_PARTS)}: --label id,frame.",
)  # fmt: skip
_LOOK = (
    _ENGINE,
    click.option("--size", type=FrameSize(), help="Picture size.  [default: the template's]"),
    click.option("--samples", type=click.IntRange(1, 65536), help="Samples a pixel.  [default: the template's]"),
    _LABEL,
    _QUALITY,
)  # fmt: skip
_RANGE = (
    click.option("--frames", type=FrameRange(), help="Only these frames, into a video of their own name."),
    click.option("--chunk", type=click.IntRange(1), help="Frames a chunk.  [default: a minute's, as measured]"),
    click.option("--out", type=PATH, help="Folder for the results.  [default: the data set]"),
)
_PLACE = (
    click.option("--executor", type=click.Choice(["local", "dask"]), default="local", show_default=True,
                 help="Where Blenders run: as processes of this machine, or in those of a Dask cluster."),
    click.option("--scheduler", metavar="ADDRESS", default="",
                 help="The Dask scheduler to join (tls://HOST:8786), or its scheduler file."),
    click.option("--cluster", metavar="FILE.toml", type=PATH,
                 help="Start Dask's workers through Slurm, PBS, SGE or LSF."),
    click.option("--insecure", is_flag=True, help="Use Dask without TLS in a network that you trust."),
)  # fmt: skip
_FORM = click.option(
    "--format", "form", type=click.Choice(["png", "mkv"]), default="png", show_default=True,
    help="Faces: a picture for each frame, or one video.",
)  # fmt: skip
_STEREO = click.option("--stereo", is_flag=True, help="The male actor's voice left, the female's right.")
_ENDS = (
    click.option("--no-mux", is_flag=True, help="Leave the sound for `mux`."),
    click.option("--overwrite", is_flag=True, help="Render again what is finished."),
    click.option("--max-tries", type=click.IntRange(1), default=Faults.max_tries, show_default=True,
                 help="Tries a chunk has before its scene is set aside."),
    click.option("--stall", type=click.FloatRange(1), metavar="SECONDS",
                 help="End a busy Blender that gives no sign for so long.  [default: by the frames so far, generous]"),
    click.option("--max-chunks", type=click.IntRange(1), help="Replace a Blender after so many chunks."),
    click.option("--max-memory", type=click.IntRange(1), metavar="MB",
                 help="Replace a Blender that holds more memory than this at the end of a chunk."),
    click.option("--fail-fast/--keep-going", default=False, show_default="--keep-going",
                 help="Whether the first scene that fails ends the run."),
    click.option("--reserve", type=click.IntRange(0), default=Faults.reserve, show_default=True, metavar="MB",
                 help="Wait while less of the disk is free; 0: end the run when the disk is full."),
)  # fmt: skip
