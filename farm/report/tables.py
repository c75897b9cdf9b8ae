"""Results and plans as tables for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..plan import Plan
from ..run import SceneResult
from ..why import Reason
from .progress import duration


def print_results(console: Console, results: Sequence[SceneResult]) -> None:
    """What became of each scene, where its video is, and every problem and notice below."""
    table = Table(title="Scenes")
    table.add_column("scene", no_wrap=True)
    table.add_column("frames", justify="right")
    table.add_column("render time", justify="right")
    table.add_column("file", overflow="fold")
    table.add_column("problems")
    for result in results:
        problem = f"[red]{escape(result.problem)}[/red]" if result.problem else _count(result.notices)
        spent = duration(result.seconds) if result.seconds else "-"
        table.add_row(result.scene, str(result.frames or "-"), spent, escape(str(result.file or "-")), problem)
    console.print(table)
    print_notices(console, (f"{result.scene}: {notice}" for result in results for notice in result.notices))


def print_plan(console: Console, planned: Plan, reasons: Mapping[str, Sequence[Reason]]) -> None:
    """What a run would do, and why."""
    table = Table(title="Plan")
    table.add_column("scene", no_wrap=True)
    for heading in ("frames", "chunks", "to render"):
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for task in planned.tasks:
        missing = sum(chunk.frames for chunk in task.missing)
        why = "\n".join(escape(reason.text) for reason in reasons[task.name])
        table.add_row(task.name, str(task.frames), str(len(task.chunks)), str(missing), why)
    for name, problem in planned.failures.items():
        table.add_row(name, "-", "-", "-", f"[red]{escape(problem)}[/red]")
    console.print(table)
    chunks = sum(len(task.missing) for task in planned.tasks)
    console.print(f"{len(planned.tasks)} scenes, {chunks} chunks, {planned.frames_missing} frames to render")


def print_notices(console: Console, notices: Iterable[str]) -> None:
    """Sentences that a user should know and that stop nothing."""
    for notice in notices:
        console.print(f"[yellow]note[/yellow] {escape(notice)}", soft_wrap=True)


def plan_facts(planned: Plan, reasons: Mapping[str, Sequence[Reason]]) -> dict[str, Any]:
    """A plan as plain data."""
    tasks = [
        {
            "scene": task.name,
            "frames": task.frames,
            "first": task.first,
            "last": task.last,
            "done": task.done or not task.missing,
            "chunks": [[chunk.first, chunk.last] for chunk in task.chunks],
            "missing": [[chunk.first, chunk.last] for chunk in task.missing],
            "why": [asdict(reason) for reason in reasons[task.name]],
            "picture": str(task.picture),
            "video": str(task.video),
        }
        for task in planned.tasks
    ]
    return {"tasks": tasks, "failures": planned.failures, "frames_to_render": planned.frames_missing}


def print_json(console: Console, facts: Any) -> None:
    """Plain data, data classes and paths as JSON on standard output."""
    console.print_json(json.dumps(facts, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _count(notices: Sequence[str]) -> str:
    return {0: "", 1: "1 note"}.get(len(notices), f"{len(notices)} notes")
