"""The command `interact-farm data check`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from blender_addon.dataset.checks import findings
from blender_addon.dataset.checks.survey import Report

from .. import data_check, estimate
from ..errors import FarmError
from ..report import tables
from ..report.progress import duration
from . import console
from .options import data_option, json_option

_COLOURS = {findings.ERROR: "red", findings.WARNING: "yellow", findings.NOTE: "cyan"}


class FindingCode(click.ParamType):
    """A code of the table of findings."""

    name = "CODE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        code = str(value).upper()
        if code not in {known.code for known in findings.CODES}:
            self.fail(f"{value!r} is no code of a finding; docs/errors.md lists them", param, ctx)
        return code


@click.command("check")
@data_option
@click.option("--deep", is_flag=True, help="Read every value of every file, on all cores; else heads alone.")
@click.option("--ignore", "ignored", type=FindingCode(), multiple=True, help="Leave this code out; repeatable.")
@json_option
def check_command(data: Path, deep: bool, ignored: tuple[str, ...], as_json: bool) -> None:
    """What is wrong with a copy of the data set: a table by kind, and one line a finding.

    Exit code 1 where there are errors, 0 with warnings and notes alone. docs/errors.md says what each code means.
    """
    progress = Progress(
        TextColumn("checking"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    progress.disable = not progress.console.is_terminal
    with progress:
        task = progress.add_task("")
        report = data_check.check(
            data,
            deep=deep,
            ignored=ignored,
            show=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        tables.print_json(console.console(), _facts(report, deep))
    else:
        _show(console.console(), report)
    errors = report.count(findings.ERROR)
    if errors:
        raise FarmError(f"{data}: {errors} error{'' if errors == 1 else 's'} found; docs/errors.md says what to do")


def _facts(report: Report, deep: bool) -> dict[str, Any]:
    found = [
        {"code": each.code.code, "severity": each.code.severity, "file": each.file, "text": each.text}
        for each in report.findings
    ]
    counts = {severity: report.count(severity) for severity in findings.SEVERITIES}
    return {"deep": deep, "counts": counts, "folders": report.rows, "findings": found}


def _show(shown: Console, report: Report) -> None:
    table = Table(title="Folders")
    table.add_column("folder", no_wrap=True)
    for heading in ("files", "size", "length", *(f"{severity}s" for severity in findings.SEVERITIES)):
        table.add_column(heading, justify="right")
    counted = Counter((finding.file.rpartition("/")[0], finding.code.severity) for finding in report.findings)
    folders = [row.folder for row in report.rows]
    for row in report.rows:
        sizes = str(row.files), estimate.size(row.bytes), duration(row.seconds) if row.seconds else "-"
        table.add_row(row.folder, *sizes, *_marks(counted, row.folder))
    for folder in sorted({folder for folder, _ in counted} - set(folders)):
        table.add_row(folder or "databases and archives", "", "", "", *_marks(counted, folder))
    shown.print(table)
    for finding in report.findings:
        colour = _COLOURS[finding.code.severity]
        head = f"[{colour}]{finding.code.code} {finding.code.severity:<7}[/{colour}]"
        shown.print(f"{head} {escape(finding.file)}: {escape(finding.text)}", soft_wrap=True, highlight=False)
    if not report.findings:
        shown.print("nothing is wrong", soft_wrap=True)


def _marks(counted: Counter[tuple[str, str]], folder: str) -> list[str]:
    return [
        f"[{_COLOURS[severity]}]{counted[folder, severity]}[/]" if counted[folder, severity] else "-"
        for severity in findings.SEVERITIES
    ]
