"""Why a plan renders what it renders: new, broken off, damaged, or made from something that has changed since.

What is to be rendered is settled before, by what lies there. This only finds the words, with the help of what the runs'
records say that was made from; without them it says less.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from . import state
from .pictures import ranges
from .plan import Outputs, Plan
from .task import Task
from .words import few

#: What a record calls a part of a fingerprint, and people its setting.
_LOOK, _FILE = "look ", "file "


@dataclass(frozen=True)
class Reason:
    """kind: new, resumed, motion, weights, template, settings, program, damaged, frames, overwrite, changed (nobody
    knows in what), finished, join (all is rendered) or kept (another program's); text: the same for people."""

    kind: str
    text: str


def explain(planned: Plan, outputs: Outputs, *, overwrite: bool = False) -> dict[str, tuple[Reason, ...]]:
    """{task's name: why it is rendered, or why not}. Reads what lies there and the runs' records."""
    records = state.made_from(outputs.state)
    return {task.name: _reasons(task, records, overwrite) for task in planned.tasks}


def _reasons(task: Task, records: dict[str, tuple[dict[str, Any], bool]], overwrite: bool) -> tuple[Reason, ...]:
    if task.done:
        kept = [Reason("kept", notice) for notice in task.notices]
        return tuple(kept) or (Reason("finished", "finished"),)
    if not task.missing:
        return (Reason("join", "all frames are rendered"),)
    if overwrite:
        return (Reason("overwrite", "--overwrite"),)
    found: list[Reason] = []
    remains = task.medium.remains(task)
    if remains.others:
        found += _changes(records.get(remains.others[0], ({}, False))[0], task.made_from)
    found += [Reason("frames", text) for text in remains.lengths]
    if remains.damaged:
        found.append(Reason("damaged", f"damaged: {few([path.name for path in remains.damaged])}"))
    if task.present:
        there = ranges(n for chunk in task.present for n in range(chunk.first, chunk.last + 1))
        spans = [f"{first}-{last}" if first < last else str(first) for first, last in there]
        found.append(Reason("resumed", f"resumed: frames {few(spans)} are there"))
    if not found and records.get(task.fingerprint, ({}, False))[1]:
        found.append(Reason("damaged", f"was finished, but {task.picture.name} is gone"))
    return tuple(found) or (Reason("new", "new"),)


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[Reason]:
    """What differs between the parts of two fingerprints."""
    if not before:
        return [Reason("changed", "made from something else, of which there is no record")]
    found = [*_files_changed(before, now)]
    if before.get("template") != now.get("template"):
        found.append(Reason("template", "template changed"))
    if before.get("actors", "") != now.get("actors", ""):
        found.append(Reason("template", "an actor's skeleton or head changed"))
    for part in (name for name in now if name.startswith(_LOOK) and name in before and before[name] != now[name]):
        name = part.removeprefix(_LOOK)
        found.append(Reason("settings", f"{name} changed: {_said(name, now[part])}, was {_said(name, before[part])}"))
    pinned = f"{_LOOK}pin_feet"  # said only where it is so
    if before.get(pinned, False) != now.get(pinned, False):
        found.append(Reason("settings", "feet are pinned now" if now.get(pinned) else "feet were pinned"))
    if before.get("label text", "") != now.get("label text", ""):
        found.append(Reason("settings", "label's text changed"))
    if before.get("program") != now.get("program"):
        found.append(Reason("program", f"interact-farm changed: {now.get('program')}, was {before.get('program')}"))
    if not found and before.get("frames") != now.get("frames"):
        found.append(Reason("frames", "another range of frames"))
    return found or [Reason("changed", "made from something else, which is not known")]


def _files_changed(before: dict[str, Any], now: dict[str, Any]) -> list[Reason]:
    changed: dict[str, list[str]] = {}
    for part in dict.fromkeys([*now, *before]):
        if not part.startswith(_FILE) or before.get(part) == now.get(part):
            continue
        path = PurePath(part.removeprefix(_FILE))
        is_there = now.get(part, "missing") != "missing"
        was_there = before.get(part, "missing") != "missing"
        how = "changed" if is_there and was_there else "new" if is_there else "gone"
        kind = "motion" if path.suffix == ".bvh" else "weights"
        # Motions lie in two folders, of which one is taken: where another is, the folder tells them apart.
        tells = str(path) if kind == "motion" and how != "changed" else path.name
        changed.setdefault(f"{kind} {how}", []).append(tells)
    return [Reason(key.split(" ")[0], f"{_titled(key)}: {few(names)}") for key, names in changed.items()]


def _titled(key: str) -> str:
    kind, how = key.split(" ", 1)
    return f"{'face weights' if kind == 'weights' else kind} {how}"


def _said(name: str, value: Any) -> str:
    """A setting's value as an option has it."""
    if value is None:
        return "none" if name == "quality" else "the template's"
    if isinstance(value, list) and all(isinstance(part, int) for part in value) and value:
        return "x".join(map(str, value))
    return ",".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
