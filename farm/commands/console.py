"""What commands that render have in common: running with a view of it, and telling what became of it."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from .. import estimate, rendering, trial, why
from ..errors import FarmError
from ..rendering import Kind, RenderOptions
from ..report import tables
from ..report.progress import ProgressView
from ..result import SceneResult


def render(
    kind: Kind, job: Path, data: Path, options: RenderOptions, *, dry_run: bool, measure: bool, as_json: bool
) -> None:
    """Plan a job file and, unless `dry_run`, do it; prints what becomes of it. FarmError if something failed.

    measure: with `dry_run`, render some frames to know what the others will take.
    """
    if measure and not dry_run:
        raise click.UsageError("--measure goes with --dry-run")
    errors = Console(stderr=True)
    command = shlex.join(["interact-farm", *sys.argv[1:]])
    prepared = rendering.prepare(kind, job, data, options, tell, dry=dry_run, command=command)
    tables.print_notices(errors, prepared.to_do.notices)
    if dry_run:
        _tell_plan(prepared, measure=measure, as_json=as_json)
        return
    do(prepared, as_json=as_json)


def _tell_plan(prepared: rendering.Prepared, *, measure: bool, as_json: bool) -> None:
    options, measured = prepared.options, prepared.measured
    reasons = why.explain(prepared.to_do, prepared.outputs, overwrite=options.overwrite)
    if measure:
        with ProgressView(Console(stderr=True)) as view, stoppable():
            measured = trial.measure(prepared, view.show, tell)
    estimated = estimate.of(
        prepared.to_do,
        prepared.outputs,
        measured,
        workers=prepared.workers,
        as_pictures=options.pictures,
        sound=options.mux,
        reserve=options.faults.reserve,
    )
    if as_json:
        tables.print_json(console(), tables.plan_facts(prepared.to_do, reasons) | {"estimate": estimated})
    else:
        tables.print_plan(console(), prepared.to_do, reasons)
        tables.print_estimate(console(), estimated)


def do(prepared: rendering.Prepared, *, as_json: bool) -> None:
    """Do a planned run with a view of it and print what becomes of it. FarmError if something failed."""
    with ProgressView(Console(stderr=True)) as view, stoppable():
        results = rendering.execute(prepared, view.show, tell)
    report(results, as_json=as_json)


def do_first(kind: Kind, job: Path, data: Path, options: RenderOptions) -> list[SceneResult]:
    """Render what is missing of a job with a view of it, for a command that goes on with the results."""
    command = shlex.join(["interact-farm", *sys.argv[1:]])
    prepared = rendering.prepare(kind, job, data, options, tell, command=command)
    tables.print_notices(Console(stderr=True), prepared.to_do.notices)
    with ProgressView(Console(stderr=True)) as view, stoppable():
        return rendering.execute(prepared, view.show, tell)


def tell(line: str) -> None:
    """One line beside the results."""
    click.echo(line, err=True)


def report(results: list[SceneResult], *, as_json: bool) -> None:
    """What became of each line of a job; FarmError if something failed."""
    if as_json:
        tables.print_json(console(), results)
    else:
        tables.print_results(console(), results)
    failed = [result for result in results if result.problem]
    if failed:
        raise FarmError(f"{len(failed)} of {len(results)} scenes failed: {failed[0].sentence}")


class stoppable:  # noqa: N801 - used like the context managers of contextlib
    """SIGTERM stops a run as Ctrl-C does: workers are ended, what is whole stays."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _stop(*_: object) -> None:
        raise KeyboardInterrupt


def console() -> Console:
    """Standard output."""
    found = Console()
    # A file or a pipe has no width: long paths must not be folded for it.
    return found if found.is_terminal else Console(width=200)
