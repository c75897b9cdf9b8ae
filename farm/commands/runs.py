"""The commands for runs: `interact-farm runs ...`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from blender_addon.dataset.layout import Dataset

from .. import forms, runs
from ..finding import INPUT, Finding
from ..plan import Outputs
from ..report import tables
from ..report.progress import duration
from ..verify import verify
from . import console
from . import verify as verify_command
from .options import PATH, data_option, json_option

_COLOURS = {"running": "cyan", "done": "green", "failed": "red", "stopped": "yellow", "killed": "yellow"}

#: Between two looks of --watch, seconds.
_WATCH_SECONDS = 2.0


@click.group("runs")
def runs_group() -> None:
    """Runs of an output folder: what they do, their logs, retrying, stopping, clearing away."""


def _where(command: Callable) -> Callable:
    out = click.option("--out", type=PATH, help="The folder that was rendered into.  [default: the data set]")
    return data_option(out(command))


def _outputs(out: Path | None, data: Path) -> Outputs:
    return Outputs((out or data).absolute())


@runs_group.command("list")
@_where
@json_option
def runs_list(out: Path | None, data: Path, as_json: bool) -> None:
    """All runs, the latest first."""
    found, problems = runs.listed(_outputs(out, data))
    tables.print_notices(Console(stderr=True), problems)
    if as_json:
        tables.print_json(console.console(), found)
        return
    table = Table()
    for heading in ("run", "state", "job", "scenes done", "failed", "frames", "last start"):
        table.add_column(heading, overflow="fold")
    for run in found:
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.begun))
        counts = f"{run.count('done')} of {len(run.tasks)}", str(run.count("failed"))
        frames = f"{run.frames_done} of {run.frames}"
        table.add_row(run.id, _coloured(run.state), escape(run.job), *counts, frames, f"{began} on {escape(run.host)}")
    console.console().print(table)


@runs_group.command("status")
@click.argument("run", required=False, default="")
@_where
@click.option("--watch", is_flag=True, help="Go on until the run has ended.")
@json_option
def runs_status(run: str, out: Path | None, data: Path, watch: bool, as_json: bool) -> None:
    """What RUN does, or has done; without RUN the latest."""
    outputs = _outputs(out, data)
    found = runs.status(outputs, run)
    shown = console.console()
    if watch and shown.is_terminal and not as_json:
        with Live(_display(found), console=shown, auto_refresh=False) as live:
            while found.state == "running":
                time.sleep(_WATCH_SECONDS)
                found = runs.status(outputs, found.id)
                live.update(_display(found), refresh=True)
        return
    while True:
        if not as_json:
            shown.print(_headline(found) if watch and found.state == "running" else _display(found), soft_wrap=True)
        elif watch:
            click.echo(json.dumps(asdict(found)))
        else:
            tables.print_json(shown, found)
        if not watch or found.state != "running":
            return
        sys.stdout.flush()
        time.sleep(_WATCH_SECONDS)
        found = runs.status(outputs, found.id)


@runs_group.command("log")
@click.argument("run")
@click.argument("task")
@_where
def runs_log(run: str, task: str, out: Path | None, data: Path) -> None:
    """Blender's own output of TASK's last attempt in RUN."""
    click.echo(runs.log(_outputs(out, data), run, task), nl=False)


@runs_group.command("retry")
@click.argument("run")
@_where
@click.option("--failed", is_flag=True, help="Only the scenes that failed.")
@json_option
def runs_retry(run: str, out: Path | None, data: Path, failed: bool, as_json: bool) -> None:
    """Start RUN again with the options it had; what is finished stays."""
    prepared = runs.prepare_again(_outputs(out, data), run, console.tell, failed=failed)
    tables.print_notices(Console(stderr=True), prepared.to_do.notices)
    console.do(prepared, as_json=as_json)


@runs_group.command("cancel")
@click.argument("run")
@_where
def runs_cancel(run: str, out: Path | None, data: Path) -> None:
    """End RUN, which runs on this machine; it goes on with its next start."""
    runs.cancel(_outputs(out, data), run)
    click.echo("stopped; `interact-farm runs retry` goes on where it was")


@runs_group.command("verify")
@click.argument("run", required=False, default="")
@_where
@json_option
def runs_verify(run: str, out: Path | None, data: Path, as_json: bool) -> None:
    """Decode the results of RUN and say what is wrong with them, as `interact-farm verify` does; default: the latest.

    Changes nothing.
    """
    outputs = _outputs(out, data)
    asked = runs.asked(outputs, run)
    options = asked.options
    dataset = Dataset.at(asked.data, options.subset)
    findings = [Finding(line, "missing", Path(asked.job), problem, cure=INPUT) for line, problem in asked.lines.items()]
    findings += verify(dataset, outputs, asked.names, options.frames, sound=options.mux)
    notices = () if options.frames else forms.beside(outputs, asked.names)
    verify_command.report(asked.id, findings, len(asked.names) + len(asked.lines), notices, as_json=as_json)


@runs_group.command("clean")
@click.argument("run")
@_where
@click.option("--force", is_flag=True, help="Also rendered chunks of unfinished scenes.")
def runs_clean(run: str, out: Path | None, data: Path, force: bool) -> None:
    """Remove what is left of RUN: logs, chunks, partial files, its record; never a result."""
    gone = runs.clean(_outputs(out, data), run, force=force)
    for path in gone:
        click.echo(f"removed {path}")


@runs_group.command("gallery")
@click.argument("run", required=False, default="")
@data_option
@click.option(
    "--results", type=PATH, help="The folder that was rendered into, as --out of `render`.  [default: the data set]"
)
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=PATH,
    help="The gallery's folder.  [default: farm_runs/gallery/RUN beside the results]",
)
@click.option("--watch", is_flag=True, help="Go on until the run has ended.")
@click.option(
    "--serve",
    "port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Serve it until Ctrl-C, to this machine alone; 0: on any free port.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    help="With --serve: the address to serve at, such as 0.0.0.0 for everybody "
    "who reaches this machine.  [default: 127.0.0.1]",
)
def runs_gallery(
    run: str, data: Path, results: Path | None, folder: Path | None, watch: bool, port: int | None, host: str | None
) -> None:
    """A page of RUN (without it the latest): every scene with its newest frame, its state, its video or its log.

    It is a folder that a browser opens as it is. With --serve or --watch it follows the run.
    """
    if port is None and host is not None:
        raise click.UsageError("--host is for --serve")
    if port is not None and watch:
        raise click.UsageError("--serve goes on by itself; --watch is for the folder")
    from ..report.gallery import follow, gallery, serve  # costs time that no other command should pay

    made = gallery.Gallery(_outputs(results, data), run, folder)
    page = (made.folder / "index.html").as_uri()
    if hasattr(os, "nice"):
        os.nice(10)  # the run comes first
    if port is not None:
        server = serve.Server(made, host or "127.0.0.1", port)
        click.echo(f"{server.url} until Ctrl-C; also {page}")
        sys.stdout.flush()
        follow.serve(made, server, console.tell)
        return
    made.refresh(follows=watch, hurried=watch)
    click.echo(page)
    sys.stdout.flush()
    if watch:
        follow.watch(made, console.tell)
    elif made.is_running:
        console.tell("the run goes on: --watch or --serve PORT follows it")


def _display(run: runs.Status) -> Group:
    """A run for people: where it stands, who does what, and what failed with its log's last lines."""
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.begun))
    parts: list[Text | Table] = [
        _headline(run),
        Text(f"{run.job}; started {began} on {run.host}, process {run.pid}"),
    ]
    if run.command:
        parts.append(Text(run.command, style="dim"))
    if run.problem:
        parts.append(Text(run.problem, style="red"))
    if run.workers:
        workers = Table.grid(padding=(0, 2))
        for name, doing in run.workers:
            workers.add_row(Text(name, style="cyan"), Text(doing))
        parts.append(workers)
    for failure in run.failures:
        parts.append(Text(f"{failure.task}: {failure.problem}", style="red"))
        parts += [Text(f"    {line}", style="dim") for line in failure.log]
    return Group(*parts)


def _headline(run: runs.Status) -> Text:
    counts = f"{run.count('done')} of {len(run.tasks)} scenes done, {run.count('failed')} failed"
    line = f"{run.id} {run.state}: {run.frames_done} of {run.frames} frames, {counts}"
    if run.state == "running":
        line += f", {run.fps:.1f} frames a second, {duration(run.seconds_left)} left"
    if run.waits:
        line += f"; {run.waits}"
    return Text(line, style=_COLOURS.get(run.state, ""))


def _coloured(became: str) -> Text:
    return Text(became, style=_COLOURS.get(became, ""))
