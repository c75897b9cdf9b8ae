"""`interact-farm jobs check` and `jobs split`: what a job file lists, and sharing it out."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from blender_addon.dataset import check, jobs, layout

from ..errors import FarmError
from ..report import tables
from ..report.progress import duration
from . import console
from .options import PATH, data_option, json_option, set_option


@click.command("check")
@click.argument("job", type=PATH)
@data_option
@set_option
@json_option
def jobs_check(job: Path, data: Path, subset: str, as_json: bool) -> None:
    """What each line of JOB names, and what of it is missing."""
    report = check.check_job(job, data, subset)
    shown = console.console()
    if as_json:
        tables.print_json(shown, report)
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
        shown.print(table)
        tables.print_notices(shown, report.notices)
    if report.problems:
        raise FarmError(f"{job}: {report.problems} of {len(report.lines)} lines cannot be rendered")


@click.command("split")
@click.argument("job", type=PATH)
@click.option("--parts", type=click.IntRange(1), help="Into so many job files of about equal work.")
@click.option("--max-frames", type=click.IntRange(1), help="Into job files of at most so many frames.")
@click.option("--out", type=PATH, help="Folder for the job files.  [default: beside JOB]")
@data_option
@set_option
def jobs_split(job: Path, parts: int | None, max_frames: int | None, out: Path | None, data: Path, subset: str) -> None:
    """Split JOB into job files of about equal work, counted in frames."""
    if (parts is None) == (max_frames is None):
        raise click.UsageError("give either --parts or --max-frames")
    lengths = check.frames(job, data, subset)
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
    tables.print_notices(console.console(), (f"{path} is not of this split" for path in sorted(others)))
