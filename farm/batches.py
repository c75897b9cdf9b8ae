"""Batches for other farms: what is missing of a job, in files that a worker renders alone, wherever it runs.

The batches put their chunks where the driver's own run looks for them: once they are done, it only joins and adds the
sound. Every machine has to see data set, results and template under the same paths.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch

from . import blender as blenders
from . import lock, plan, templates
from .blender import WORKER
from .errors import FarmError
from .launch import Launch
from .rendering import Prepared
from .task import Chunk, Task, tag

#: Slurm takes no longer array unless told to (MaxArraySize 1001), Open Job Description no list of more than 1024.
MOST_PARTS = 1000

#: A chunk is cut between two batches only where both ends have so many frames: short clips waste their overhead.
_LEAST_FRAMES = 10

#: What sbatch starts, and what an Open Job Description queue is given, beside the batches.
SBATCH, OPENJD = "batches.sbatch", "batches.openjd.json"

_BATCH = re.compile(r"batch-\d+\.jsonl")


@dataclass(frozen=True)
class Batch:
    """A file of requests, what it renders, and the command line that does it."""

    path: Path
    scenes: tuple[str, ...]
    chunks: int
    frames: int
    command: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """What was written. strangers: files of an earlier, longer split, which are no part of this one."""

    batches: tuple[Batch, ...]
    scripts: tuple[Path, ...] = ()
    strangers: tuple[Path, ...] = ()


def write(prepared: Prepared, parts: int, folder: Path | str, *, slurm: bool = False, openjd: bool = False) -> Written:
    """Write what a planned run has to render as at most `parts` batches of about equal frames; builds the template.

    slurm: also the script of a job array; openjd: also an Open Job Description template. FarmError where the folder
    cannot be written to, or Blender is not found.
    """
    folder = Path(folder).absolute()
    _require_quotable(folder)
    plan.make_room(prepared.outputs, prepared.kind.name, sound=False)
    with lock.held(prepared.outputs.runs):
        shares = share(prepared.to_do.tasks, parts)
        blender = blenders.find(prepared.options.blender)
        if shares:
            templates.build(prepared.template, blender)
        try:
            return _write(prepared, shares, folder, Launch(blender, prepared.reach), slurm=slurm, openjd=openjd)
        except OSError as error:
            raise FarmError(f"{folder}: the batches cannot be written there ({error.strerror})") from error


def share(tasks: Sequence[Task], parts: int) -> list[list[tuple[Task, Chunk]]]:
    """Share out the missing chunks of tasks: at most `parts` lists, none empty, the longest task first in each.

    The tasks are laid end to end and cut at equal lengths, so that at most `parts` - 1 of them are in two batches
    (McNaughton, "Scheduling with deadlines and loss functions", 1959). No list is further than 20 frames from its
    equal share.
    """
    if parts < 1:
        raise ValueError("a job is shared out to at least one batch")
    ordered = sorted(tasks, key=lambda task: -_missing(task))
    total = sum(map(_missing, ordered))
    shares: list[list[tuple[Task, Chunk]]] = [[] for _ in range(parts)]
    at = 0
    for task in ordered:
        for chunk in task.missing:
            for piece in _cut(task, chunk, at, total, parts):
                # By its middle: where an edge is, rounding decides.
                shares[(2 * at + piece.frames) * parts // (2 * total)].append((task, piece))
                at += piece.frames
    return [found for found in shares if found]


def slurm_script(batches: Sequence[Batch], folder: Path, name: str, launch: Launch) -> str:
    """A job array for sbatch: one element a batch, each with its log beside the batch."""
    width = _digits(len(batches))
    batch_file = '"$folder/batch-$number.jsonl"'
    # sbatch reads its own lines with a shell's quotes; in a file name `%` begins what it fills in.
    log = f"{str(folder).replace('%', '%%')}/batch-%{width}a.log"
    command = [shlex.quote(word) for word in launch.command("BATCH", Path("EVENTS"))]
    words = {"BATCH": batch_file, "EVENTS": '"$folder/batch-$number.jsonl.events.jsonl"'}
    return "\n".join((
        "#!/bin/sh",
        f"#SBATCH --job-name={shlex.quote(_label(name))}",
        f"#SBATCH --array=1-{len(batches)}",
        f"#SBATCH --output={shlex.quote(log)}",
        "# Each element renders one batch; the next `interact-farm batch write` holds what is left where some fail.",
        "set -eu",
        f"folder={shlex.quote(str(folder))}",
        f'number=$(printf %0{width}d "$SLURM_ARRAY_TASK_ID")',
        "exec " + " ".join(words.get(word, word) for word in command),
        "",
    ))  # fmt: skip


def openjd_template(batches: Sequence[Batch], name: str, launch: Launch) -> dict[str, Any]:
    """An Open Job Description job template (2023-09), to lie beside the batches: one task a batch.

    What differs from farm to farm is a parameter. Parameters' values are not looked into for `{{ }}`, as the script's
    own words are.
    """
    command = launch.command("BATCH", Path("EVENTS"))
    fixed = {command[0]: "{{Param.Blender}}", str(WORKER): "{{Param.Worker}}"}
    reach = launch.reach
    places = (
        *(("Data", path, "Where the data set may be read.") for path in reach.data),
        *(("Results", path, "Where results may be written.") for path in reach.out),
        *(("Template", path, "The .blend file that may be opened.") for path in reach.template),
    )
    fixed |= {path: f"{{{{Param.{place}}}}}" for place, path, _ in places}
    own = {
        "BATCH": "{{Param.Batches}}/{{Task.Param.Batch}}",
        "EVENTS": "{{Param.Batches}}/{{Task.Param.Batch}}.events.jsonl",
    }
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"InterAct {_label(name)}",
        "description": "Renders batches of interact-farm. Data set, results and template must be seen under the same "
        "paths on every machine.",
        "parameterDefinitions": [
            {
                "name": "Batches", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "INOUT", "default": ".",
                "description": "The folder of this template and its batches; events are written there.",
            },
            {"name": "Blender", "type": "STRING", "default": command[0], "description": "What runs the worker."},
            {"name": "Worker", "type": "STRING", "default": str(WORKER), "description": "The add-on's worker.py."},
            *({"name": place, "type": "STRING", "default": path, "description": why} for place, path, why in places),
        ],
        "steps": [
            {
                "name": "Render",
                "parameterSpace": {
                    "taskParameterDefinitions": [
                        {"name": "Batch", "type": "STRING", "range": [found.path.name for found in batches]}
                    ]
                },
                "script": {
                    "actions": {
                        "onRun": {
                            "command": "{{Param.Blender}}",
                            "args": [(fixed | own).get(word, word) for word in command[1:]],
                        }
                    }
                },
            }
        ],
    }  # fmt: skip


def _write(
    prepared: Prepared,
    shares: Sequence[Sequence[tuple[Task, Chunk]]],
    folder: Path,
    launch: Launch,
    *,
    slurm: bool,
    openjd: bool,
) -> Written:
    folder.mkdir(parents=True, exist_ok=True)
    digits = _digits(len(shares))
    batches = []
    for number, chunks in enumerate(shares, 1):
        path = folder / f"batch-{number:0{digits}d}.jsonl"
        requests = [batch.to_line(_request(prepared, task, chunk)) for task, chunk in chunks]
        _put(path, "".join(f"{line}\n" for line in requests))
        scenes = tuple(dict.fromkeys(task.name for task, _ in chunks))
        command = launch.command(str(path), path.with_name(f"{path.name}.events.jsonl"))
        batches.append(Batch(path, scenes, len(chunks), sum(chunk.frames for _, chunk in chunks), tuple(command)))
    name = f"{prepared.kind.name} {folder.name}"
    scripts = []
    if slurm and batches:
        scripts.append(_put(folder / SBATCH, slurm_script(batches, folder, name, launch)))
    if openjd and batches:
        template = json.dumps(openjd_template(batches, name, launch), indent=2)
        scripts.append(_put(folder / OPENJD, template + "\n"))
    own = {found.path.name for found in batches} | {path.name for path in scripts}
    left = [p for p in folder.iterdir() if _BATCH.fullmatch(p.name) or p.name in (SBATCH, OPENJD)]
    return Written(tuple(batches), tuple(scripts), tuple(sorted(p for p in left if p.name not in own)))


def _request(prepared: Prepared, task: Task, chunk: Chunk) -> batch.RenderChunk:
    return batch.RenderChunk(
        id=f"{task.name}:{chunk.first}-{chunk.last}",
        data=str(prepared.dataset.root),
        template=str(prepared.template.path),
        scene=task.name,
        first=chunk.first,
        last=chunk.last,
        output=str(chunk.path),
        look=prepared.options.look,
        tag=tag(task.fingerprint),
        subset=prepared.dataset.subset,
    )


def _cut(task: Task, chunk: Chunk, at: int, total: int, parts: int) -> list[Chunk]:
    """A chunk that begins at frame `at` of all, cut where batches meet inside it."""
    pieces, begin = [], chunk.first
    for part in range(at * parts // total + 1, (at + chunk.frames) * parts // total + 1):
        after = chunk.first + total * part // parts - at
        if after - begin >= _LEAST_FRAMES and chunk.last + 1 - after >= _LEAST_FRAMES:
            pieces.append((begin, after - 1))
            begin = after
    pieces.append((begin, chunk.last))
    if len(pieces) == 1:
        return [chunk]
    return [replace(chunk, first=a, last=b, place=str(task.medium.target(task, a, b))) for a, b in pieces]


def _missing(task: Task) -> int:
    return sum(chunk.frames for chunk in task.missing)


def _digits(count: int) -> int:
    return max(3, len(str(count)))


def _label(name: str) -> str:
    """A name for people to read in a queue: printable, and not too long for any."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)[:100]


def _require_quotable(folder: Path) -> None:
    """A line of sbatch ends with the line, and a backslash in a log's name turns off what it fills in."""
    if not str(folder).isprintable() or "\\" in str(folder.as_posix()):
        raise FarmError(f"{str(folder)!r}: a queue cannot be told of this folder; choose one of plain characters")


def _put(path: Path, content: str) -> Path:
    """Write a file whole, or not at all."""
    beside = path.with_name(f"{path.name}.partial")
    beside.write_text(content, encoding="utf-8", newline="\n")
    beside.replace(path)
    return path
