"""The runs of an output folder, by their records: what became of them, starting, stopping and clearing them away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from blender_addon.dataset import naming, partial
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import body, face, leftovers, lock, plan, rendering, state
from .errors import FarmError
from .plan import Outputs

_KINDS = {kind.name: kind for kind in (body.BODY, face.FACE)}

#: How many lines of its log a failure shows.
_LOG_LINES = 20

_LOOK_SECONDS = 0.2

#: What a terminal takes for commands; a log may hold anything.
_CONTROLS = dict.fromkeys({*range(32), *range(127, 160)} - {ord("\n"), ord("\t")})


@dataclass(frozen=True)
class TaskStatus:
    """A scene or face of a run. state: waiting, rendering, joining, done or failed; seconds: its workers' time.

    picture, video: what it becomes without and with sound, relative to the output folder; chunks: the name of the
    folder of its chunks. All three are as recorded, and "" for what could not be planned.
    """

    name: str
    state: str
    frames: int
    frames_done: int
    attempts: int
    failed_attempts: int
    seconds: float
    problem: str
    picture: str = ""
    video: str = ""
    chunks: str = ""


@dataclass(frozen=True)
class Failure:
    """What went wrong with a task: its problem and the last lines of its last attempt's log."""

    task: str
    problem: str
    log: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """A run. state: running, done, failed, stopped (by the user) or killed; times are seconds since 1970.

    host, pid, begun, seen, ended: of its last start; fps, seconds_left, workers (name, what it does), waits (for what,
    or ""): of one that runs; subset: as of Dataset.
    """

    id: str
    kind: str
    job: str
    data: str
    command: str
    state: str
    problem: str
    host: str
    pid: int
    begun: float
    seen: float
    ended: float | None
    frames: int
    frames_done: int
    fps: float
    seconds_left: float | None
    workers: tuple[tuple[str, str], ...]
    waits: str
    tasks: tuple[TaskStatus, ...]
    failures: tuple[Failure, ...]
    subset: str = ""

    def count(self, state: str) -> int:
        """How many tasks are in a state."""
        return sum(1 for task in self.tasks if task.state == state)


@dataclass(frozen=True)
class Asked:
    """What a run was started for, and with. command: of its last start, or ""; names: its scenes or faces; lines:
    {line of the job: why it names none}; failed: those of both that failed."""

    id: str
    kind: rendering.Kind
    job: str
    data: str
    options: rendering.RenderOptions
    command: str
    names: tuple[SceneId | PerformanceId, ...]
    lines: dict[str, str]
    failed: frozenset[str]


def asked(outputs: Outputs, run: str = "") -> Asked:
    """What a run was asked for, by its record; FarmError where that is damaged, or another program's."""
    with _opened(_find(outputs, run)) as db:
        row = db.execute("SELECT * FROM run").fetchone()
        start = db.execute("SELECT command FROM starts ORDER BY number DESC LIMIT 1").fetchone()
        tasks = db.execute("SELECT name, state, problem FROM tasks ORDER BY name").fetchall()
    names, lines = [], {}
    for task in tasks:
        try:
            names.append(naming.parse(task["name"]))
        except DatasetError:
            lines[task["name"]] = task["problem"]
    failed = frozenset(task["name"] for task in tasks if task["state"] == "failed")
    try:
        kind, facts = _KINDS[row["kind"]], json.loads(row["options"])
    except (KeyError, TypeError, ValueError) as error:
        raise FarmError(f"{run}: its record is damaged ({error}); start it by its command") from error
    options = replace(rendering.from_facts(facts), out=outputs.root)
    command = start["command"] if start else ""
    return Asked(row["id"], kind, row["job"], row["data"], options, command, tuple(names), lines, failed)


def listed(outputs: Outputs) -> tuple[list[Status], list[str]]:
    """All runs of an output folder, the latest first, and a sentence for each record that cannot be read."""
    found, problems = [], []
    for path in _files(outputs):
        try:
            found.append(_status(outputs, path, logs=False))
        except FarmError as error:
            problems.append(str(error))
    return sorted(found, key=lambda run: -run.begun), problems


def status(outputs: Outputs, run: str = "") -> Status:
    """One run, by its id or the beginning of it; the one that began last where none is named."""
    return _status(outputs, _find(outputs, run), logs=True)


def log(outputs: Outputs, run: str, task: str) -> str:
    """Blender's own output of a task's last attempt."""
    with _opened(_find(outputs, run)) as db:
        known = db.execute("SELECT problem FROM tasks WHERE name = ?", (task,)).fetchone()
        if known is None:
            raise FarmError(f"{task}: the run has no such scene; `interact-farm runs status` names them")
        told = _log(outputs, db, task)
    if told is None:
        raise FarmError(f"{task}: no worker of this run has begun it{_because(known['problem'])}")
    return told


def prepare_again(
    outputs: Outputs, run: str, say: Callable[[str], None] = lambda line: None, *, failed: bool = False
) -> rendering.Prepared:
    """Plan a run once more with the options it had; what is finished stays. failed: only the tasks that failed.

    FarmError where the job or the template is no longer the same, so that it would be another run.
    """
    it = asked(outputs, run)
    if failed and not it.failed:
        raise FarmError(f"{it.id}: none of its scenes failed")
    options = replace(it.options, overwrite=False)
    prepared = rendering.prepare(it.kind, it.job, it.data, options, say, command=it.command)
    if prepared.identity.id != it.id:
        by = f": {it.command}" if it.command else ""
        raise FarmError(f"{it.id}: its job or template has changed since; start the new run by its command{by}")
    if not failed:
        return prepared
    tasks = tuple(task for task in prepared.to_do.tasks if task.name in it.failed)
    failures = {name: problem for name, problem in prepared.to_do.failures.items() if name in it.failed}
    return replace(prepared, to_do=replace(prepared.to_do, tasks=tasks, failures=failures))


def cancel(outputs: Outputs, run: str, *, timeout: float = 60.0) -> None:
    """End a run's driver, which ends its workers; what is whole stays. FarmError where it does not run here."""
    name = _find(outputs, run).stem
    holder = lock.holder(outputs.runs)
    if holder is None or holder.run != name:
        raise FarmError(f"{name}: does not run")
    if holder.host != socket.gethostname():
        raise FarmError(f"{name}: runs on {holder.host}; cancel it there")
    if not holder.is_here:
        raise FarmError(f"{name}: process {holder.pid} is not its driver")
    os.kill(holder.pid, signal.SIGTERM)
    until = time.monotonic() + timeout
    while lock.holder(outputs.runs) == holder:
        if time.monotonic() > until:
            raise FarmError(f"{name}: process {holder.pid} was told to end and has not in {timeout:.0f} s")
        time.sleep(_LOOK_SECONDS)


def clean(outputs: Outputs, run: str, *, force: bool = False) -> list[Path]:
    """Remove what is left of a run: logs, chunks, partial files, gallery and record, and templates that were never
    finished; never a result. Returns what is gone.

    FarmError where it runs, or, without `force`, where chunks of it would be lost that are rendered and not joined.
    """
    path = _find(outputs, run)
    with lock.held(outputs.runs, path.stem):
        leftovers.end(outputs.logs)
        try:
            with _opened(path) as db:
                wanted = _chunks_of(outputs, db, finished=False)
                left = [*_logs_of(outputs, db), *wanted, *_chunks_of(outputs, db, finished=True)]
                left += _partials_of(outputs, db)
                rendered = [folder for folder in wanted if any(folder.glob("*.mkv"))]
        except FarmError:
            left, rendered = [], []  # a broken record names nothing; it goes itself
        if rendered and not force:
            raise FarmError(
                f"{path.stem}: has rendered chunks of {len(rendered)} unfinished scenes, such as {rendered[0]}; "
                "finish it with `runs retry`, or delete them with --force"
            )
        left += [outputs.gallery(path.stem), *outputs.runs.glob(partial.BLEND_PATTERN)]
        left += [outputs.logs / plan.PROBE]
        left += [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
        gone = [item for item in dict.fromkeys(left) if item.exists()]
        for item in gone:
            try:
                if item.is_dir() and not item.is_symlink():
                    shutil.rmtree(item)
                else:
                    item.unlink()
            except OSError as error:
                raise FarmError(f"{item}: cannot be removed ({error.strerror})") from error
    return gone


def _files(outputs: Outputs) -> list[Path]:
    return sorted(outputs.state.glob(f"*{state.SUFFIX}"))


def _find(outputs: Outputs, run: str) -> Path:
    files = _files(outputs)
    if not files:
        raise FarmError(f"{outputs.root}: no runs here; --out or --data must name the folder that was rendered into")
    if not run:
        # Not by the files' times: reading touches what SQLite keeps beside them.
        return max(files, key=_begun)
    found = [path for path in files if path.stem == run] or [path for path in files if path.stem.startswith(run)]
    if len(found) != 1:
        known = ", ".join(path.stem for path in found or files)
        raise FarmError(f"{run}: {'more than one run begins so' if found else 'no such run'}; there are: {known}")
    return found[0]


def _begun(path: Path) -> float:
    """When a run began last; 0 where its record cannot be read."""
    try:
        with _opened(path) as db:
            return db.execute("SELECT max(begun) FROM starts").fetchone()[0] or 0.0
    except (FarmError, sqlite3.Error):
        return 0.0


def _opened(path: Path) -> closing[sqlite3.Connection]:
    try:
        return closing(state.read(path))
    except (ValueError, sqlite3.Error) as error:
        raise FarmError(f"{path}: cannot be read ({error}); the next start begins it anew") from error


def _status(outputs: Outputs, path: Path, *, logs: bool) -> Status:
    try:
        with _opened(path) as db:
            db.execute("BEGIN")  # all that follows is of one moment
            return _status_of(outputs, db, logs)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise FarmError(f"{path}: cannot be read ({error}); the next start begins it anew") from error


def _status_of(outputs: Outputs, db: sqlite3.Connection, logs: bool) -> Status:
    run = db.execute("SELECT * FROM run").fetchone()
    start = db.execute("SELECT * FROM starts ORDER BY number DESC LIMIT 1").fetchone()
    if run is None or start is None:
        raise ValueError("nothing is recorded in it yet")
    holder = lock.holder(outputs.runs) if start["ended"] is None else None
    running = holder is not None and holder.run == run["id"]
    tasks = _tasks(db, running)
    progress = json.loads(start["progress"] or "{}") if running else {}
    failed = [task for task in tasks if task.state == "failed"]
    if running:
        became = "running"
    elif start["ended"] is None:
        became = "killed"
    else:
        became = "failed" if start["outcome"] == "done" and failed else start["outcome"]
    failures = [Failure(task.name, task.problem, _last_lines(outputs, db, task.name)) for task in failed if logs]
    frames = sum(task.frames for task in tasks)
    return Status(
        run["id"], run["kind"], run["job"], run["data"], start["command"], became, start["problem"] or "",
        start["host"], start["pid"], start["begun"], start["seen"], start["ended"],
        frames,
        sum(task.frames_done for task in tasks) + _frames_in_work(db, progress.get("frames_in_work", {})),
        progress.get("fps", 0.0),
        progress.get("seconds_left"),
        tuple((name, doing) for name, doing in progress.get("workers", ())),
        progress.get("waits", ""),
        tuple(tasks),
        tuple(failures),
        str(json.loads(run["options"] or "{}").get("subset", "")),
    )  # fmt: skip


def _frames_in_work(db: sqlite3.Connection, told: dict[str, int]) -> int:
    """Frames of chunks in work. What was told a moment ago of a chunk that is whole since counts no second time."""
    rows = db.execute("SELECT task, first, last FROM chunks WHERE state = 'rendering'")
    named = ((f"{row['task']}:{row['first']}-{row['last']}", row["last"] - row["first"] + 1) for row in rows)
    return sum(min(told.get(name, 0), frames) for name, frames in named)


def _tasks(db: sqlite3.Connection, running: bool) -> list[TaskStatus]:
    missing = {
        row["task"]: row
        for row in db.execute(
            "SELECT task, sum(last - first + 1) AS frames, max(state = 'rendering') AS busy FROM chunks"
            " WHERE state != 'done' GROUP BY task"
        )
    }
    tries = {
        row["task"]: row
        for row in db.execute(
            "SELECT task, count(*) AS made, sum(outcome = 'failed') AS failed,"
            " sum(coalesce(load_seconds, 0) + coalesce(render_seconds, 0)) AS seconds FROM attempts GROUP BY task"
        )
    }
    found = []
    for row in db.execute("SELECT * FROM tasks ORDER BY name"):
        frames, name, became = row["last"] - row["first"] + 1, row["name"], row["state"]
        if became == "waiting" and running and name not in missing:
            became = "joining"
        elif became == "waiting" and running and missing[name]["busy"]:
            became = "rendering"
        left = missing[name]["frames"] if name in missing else 0
        made, failed, seconds = (
            (tries[name][key] or 0 for key in ("made", "failed", "seconds")) if name in tries else (0, 0, 0.0)
        )
        places = row["picture"], row["video"], row["folder"]
        found.append(TaskStatus(name, became, frames, frames - left, made, failed, seconds, row["problem"], *places))
    return found


def _log(outputs: Outputs, db: sqlite3.Connection, task: str) -> str | None:
    attempt = db.execute("SELECT * FROM attempts WHERE task = ? ORDER BY id DESC LIMIT 1", (task,)).fetchone()
    if attempt is None:
        return None
    path = _inside(outputs.logs, outputs.root / attempt["log"])
    # Blender writes late what it has to say: an attempt's part goes on to where the worker's next one begins.
    after = db.execute(
        "SELECT min(log_from) FROM attempts WHERE log = ? AND id > ?", (attempt["log"], attempt["id"])
    ).fetchone()[0]
    try:
        with open(path, "rb") as file:
            file.seek(attempt["log_from"])
            told = file.read(-1 if after is None else after - attempt["log_from"])
    except OSError as error:
        raise FarmError(f"{path}: the log cannot be read ({error.strerror})") from error
    return told.decode(errors="replace").translate(_CONTROLS)


def _last_lines(outputs: Outputs, db: sqlite3.Connection, task: str) -> tuple[str, ...]:
    try:
        told = _log(outputs, db, task) or ""
    except FarmError:
        return ()  # the user deleted it
    return tuple(line for line in told.splitlines() if line.strip())[-_LOG_LINES:]


def _logs_of(outputs: Outputs, db: sqlite3.Connection) -> list[Path]:
    return [_inside(outputs.logs, outputs.root / row["logs"]) for row in db.execute("SELECT logs FROM starts")]


def _chunks_of(outputs: Outputs, db: sqlite3.Connection, *, finished: bool) -> list[Path]:
    """Where chunks lie of tasks that are not finished, or of those that are: a driver that was killed between joining
    and deleting left them."""
    chunks = outputs.runs / "chunks"
    rows = db.execute("SELECT folder FROM tasks WHERE folder != '' AND (state = 'done') = ?", (finished,))
    return [_inside(chunks, chunks / row["folder"]) for row in rows]


def _partials_of(outputs: Outputs, db: sqlite3.Connection) -> list[Path]:
    found = []
    for row in db.execute("SELECT picture, video FROM tasks"):
        for name in filter(None, row):
            whole = _inside(outputs.root, outputs.root / name)
            if whole.parent.is_dir():
                found += [*partial.left_of(whole), whole.parent / plan.PROBE]
    return found


def _inside(folder: Path, path: Path) -> Path:
    """The path, if it lies within the folder: a record that says otherwise was tampered with."""
    if not path.resolve().is_relative_to(folder.resolve()) or path.resolve() == folder.resolve():
        raise FarmError(f"{path}: the run's record names what is not in {folder}; delete the record")
    return path


def _because(problem: str) -> str:
    return f": {problem}" if problem else ""
