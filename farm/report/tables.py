"""Results and plans as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from blender_addon.dataset.preset import Preset

from .. import estimate
from ..estimate import Estimate
from ..plan import Plan
from ..result import SceneResult
from ..timings import Measured
from ..why import Reason
from . import columns
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


def print_presets(console: Console, presets: Sequence[Preset]) -> None:
    """Which kinds of rigs are known, and in which file each is described."""
    table = Table(title="Presets")
    table.add_column("preset", no_wrap=True)
    table.add_column("bones", justify="right")
    table.add_column("what it is")
    table.add_column("file", overflow="fold")
    for preset in presets:
        table.add_row(escape(preset.name), str(len(preset.bones)), escape(preset.notes), escape(str(preset.path)))
    console.print(table)


def preset_facts(preset: Preset) -> dict[str, Any]:
    """A preset as plain data."""
    bones = {role: list(names) for role, names in preset.bones.items()}
    return {"name": preset.name, "file": str(preset.path), "notes": preset.notes, "bones": bones}


def print_estimate(console: Console, estimated: Estimate) -> None:
    """What a run would take, and what this machine cannot hold of it."""
    if not estimated.frames:
        return
    measured = estimated.measured
    if measured is None:
        console.print(
            f"Time and disk space are not known: nothing of this look and template was rendered into "
            f"{escape(str(estimated.folder))} yet; --dry-run --measure renders a few frames to tell.",
            soft_wrap=True,
        )
        return
    table = Table(title="Estimate", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    workers = f"{estimated.workers} workers" if estimated.workers > 1 else "1 worker"
    table.add_row("time", f"[bold]{duration(estimated.seconds)}[/bold] on {workers}")
    table.add_row("pictures" if estimated.pictures else "video without sound", _size(estimated.silent_bytes))
    if estimated.heard_bytes != 0:
        table.add_row("video with sound", _size(estimated.heard_bytes))
    if estimated.spare_bytes:
        table.add_row("while joining", _size(estimated.spare_bytes))
    room = f"{estimate.size(estimated.free_bytes)} in {escape(str(estimated.folder))}"
    table.add_row("free", f"[red]{room}[/red]" if estimated.lacks else room)
    table.add_row("measured", escape(_said_of(measured, estimated.workers)))
    console.print(table)
    for lack in estimated.lacks:
        console.print(f"[red]not enough room[/red] {escape(lack)}", soft_wrap=True, highlight=False)


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
    console.print_json(columns.json_text(facts))


def _size(count: int | None) -> str:
    return "not known" if count is None else estimate.size(count)


def _said_of(measured: Measured, workers: int) -> str:
    frame = measured.frame_seconds
    said = f"{frame:.2f}" if frame < 10 else f"{frame:.0f}"
    told = f"{measured.frames} frames {measured.source}: {said} s a frame, {measured.load_seconds:.1f} s a scene"
    if measured.workers != workers:
        told += f", with {measured.workers} at work; workers that share cores or a GPU are slower each"
    return told


def _count(notices: Sequence[str]) -> str:
    return {0: "", 1: "1 note"}.get(len(notices), f"{len(notices)} notes")
