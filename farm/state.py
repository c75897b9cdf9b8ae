"""What happened in a run, in one SQLite file: its starts, tasks, chunks, attempts and events.

What is rendered stands in the results themselves (tags, names, decoded frames), so that deleting this file loses no
frame: a plan takes from it only words and guesses of time. Only the driver writes; anyone may read meanwhile. A run is
known by what it renders: the same job with the same options is the same run at every start.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import __version__
from .task import Chunk, Task

#: Of the tables below. A file of another version is set aside.
SCHEMA = 1

SUFFIX = ".sqlite"

#: How often the file says that its driver lives, seconds.
_BEAT_SECONDS = 1.0

_TABLES = """
CREATE TABLE run (id TEXT PRIMARY KEY, kind TEXT, job TEXT, data TEXT, options TEXT);
CREATE TABLE starts (number INTEGER PRIMARY KEY, version TEXT, host TEXT, pid INTEGER, command TEXT, blender TEXT,
    logs TEXT, begun REAL, seen REAL, ended REAL, outcome TEXT, problem TEXT, progress TEXT);
CREATE TABLE tasks (name TEXT PRIMARY KEY, first INTEGER, last INTEGER, fingerprint TEXT, picture TEXT, video TEXT,
    folder TEXT, state TEXT, problem TEXT);
CREATE TABLE chunks (task TEXT, first INTEGER, last INTEGER, state TEXT, PRIMARY KEY (task, first, last))
    WITHOUT ROWID;
CREATE TABLE attempts (id INTEGER PRIMARY KEY, start INTEGER, task TEXT, first INTEGER, last INTEGER, worker TEXT,
    host TEXT, pid INTEGER, log TEXT, log_from INTEGER, log_to INTEGER, begun REAL, ended REAL, outcome TEXT,
    error TEXT, load_seconds REAL, render_seconds REAL);
CREATE INDEX attempts_of ON attempts (task, first, last);
CREATE INDEX attempts_open ON attempts (id) WHERE ended IS NULL;
CREATE TABLE events (id INTEGER PRIMARY KEY, start INTEGER, time REAL, kind TEXT, task TEXT, text TEXT);
"""

#: Not in files that earlier programs began; what they recorded is the same.
_MADE_FROM = "CREATE TABLE IF NOT EXISTS made_from (fingerprint TEXT PRIMARY KEY, task TEXT, parts TEXT) WITHOUT ROWID;"

_PUT_TASK = "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_CHUNK = "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?)"


@dataclass(frozen=True)
class Identity:
    """What a run was asked for. id: stable, see `run_id`; kind: "body" or "face"; job, data: paths; options: those it
    was started with, as plain data; command: as it was typed, or ""."""

    id: str
    kind: str
    job: str
    data: str
    options: dict[str, Any]
    command: str = ""


@dataclass(frozen=True)
class Worker:
    """Who does an attempt. log: its Blender's own output."""

    name: str
    host: str
    pid: int
    log: Path


def run_id(kind: str, parts: Iterable[object]) -> str:
    """The name of the run that renders `parts`: its scenes, options, template and outputs."""
    digest = hashlib.blake2b(digest_size=4)
    for part in parts:
        digest.update(f"{part!r}\n".encode())
    return f"{kind}-{digest.hexdigest()}"


class Record:
    """The writing side, for the driver. Nothing here raises: a run goes on where its record cannot be written.

    `say` is called once with the sentence that says so.
    """

    def __init__(
        self, root: Path, folder: Path, identity: Identity, say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._root, self._identity, self._say, self._clock = root, identity, say, clock
        self._said = False
        self._beat = float("-inf")
        self._start = 0
        self._open: dict[tuple[str, int, int], tuple[int, Path]] = {}
        self._db = self._connect(folder / f"{identity.id}{SUFFIX}")

    def begin(self, tasks: Sequence[Task], failures: dict[str, str], blender: str, logs: Path) -> None:
        """A start of the run with its plan; what an earlier start, which was killed, left open is closed."""
        it, now = self._identity, time.time()
        with self._change() as db:
            facts = it.id, it.kind, it.job, it.data, json.dumps(it.options)
            db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)", facts)
            db.execute("UPDATE attempts SET ended = begun, outcome = 'lost' WHERE ended IS NULL")
            db.execute("UPDATE starts SET ended = seen, outcome = 'killed' WHERE ended IS NULL")
            made = db.execute(
                "INSERT INTO starts (version, host, pid, command, blender, logs, begun, seen)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (__version__, socket.gethostname(), os.getpid(), it.command, blender, self._relative(logs), now, now),
            )
            self._start = made.lastrowid or 0
            for task in tasks:
                about = self._relative(task.picture), self._relative(task.video), task.folder.name
                parts = task.fingerprint, task.name, json.dumps(task.made_from)
                db.execute("INSERT OR REPLACE INTO made_from VALUES (?, ?, ?)", parts)
                row = task.name, task.first, task.last, task.fingerprint, *about, "waiting", ""
                db.execute(_PUT_TASK, row)
                db.execute("DELETE FROM chunks WHERE task = ?", (task.name,))
                for state, chunks in (("done", task.present), ("waiting", task.missing)):
                    rows = ((task.name, chunk.first, chunk.last, state) for chunk in chunks)
                    db.executemany(_PUT_CHUNK, rows)
            for name, problem in failures.items():
                # First and last are not known of what could not be planned.
                db.execute(_PUT_TASK, (name, 0, -1, "", "", "", "", "failed", problem))
            self._event(db, "start", "", it.command)

    def chunk_started(self, task: str, chunk: Chunk, worker: Worker) -> None:
        """A worker begins a chunk."""
        with self._change() as db:
            made = db.execute(
                "INSERT INTO attempts (start, task, first, last, worker, host, pid, log, log_from, begun)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._start, task, chunk.first, chunk.last, worker.name, worker.host, worker.pid,
                 self._relative(worker.log), _size(worker.log), time.time()),
            )  # fmt: skip
            self._open[task, chunk.first, chunk.last] = made.lastrowid or 0, worker.log
            self._set_chunk(db, task, chunk, "rendering")

    def chunk_done(self, task: str, chunk: Chunk, load_seconds: float | None, render_seconds: float | None) -> None:
        """A chunk is rendered and was found whole; its times are None where its worker did not live to tell them."""
        with self._change() as db:
            self._close(db, task, chunk, "done", "", load_seconds, render_seconds)
            self._set_chunk(db, task, chunk, "done")

    def chunks_cut(self, task: str, before: Iterable[Chunk], after: Iterable[Chunk]) -> None:
        """Chunks that nobody has begun were cut anew."""
        with self._change() as db:
            gone = ((task, chunk.first, chunk.last) for chunk in before)
            db.executemany("DELETE FROM chunks WHERE (task, first, last) = (?, ?, ?)", gone)
            db.executemany(_PUT_CHUNK, ((task, chunk.first, chunk.last, "waiting") for chunk in after))

    def chunk_failed(self, task: str, chunk: Chunk, error: str, left: Sequence[Chunk]) -> None:
        """An attempt failed. left: what of the chunk is still to render."""
        with self._change() as db:
            self._close(db, task, chunk, "failed", error, None, None)
            db.execute("DELETE FROM chunks WHERE (task, first, last) = (?, ?, ?)", (task, chunk.first, chunk.last))
            rows = ((task, part.first, part.last, "waiting") for part in left)
            db.executemany(_PUT_CHUNK, rows)
            self._event(db, "chunk failed", task, f"frames {chunk.first}-{chunk.last}: {error}")

    def worker_died(self, name: str, how: str) -> None:
        """A worker is gone that was not told to end."""
        with self._change() as db:
            self._event(db, "worker died", "", f"{name} {how}")

    def note(self, kind: str, text: str) -> None:
        """Something that a reader of the run should know, such as a pause."""
        with self._change() as db:
            self._event(db, kind, "", text)

    def task_done(self, task: str) -> None:
        """A task's results have their final names."""
        with self._change() as db:
            db.execute("UPDATE tasks SET state = 'done', problem = '' WHERE name = ?", (task,))

    def task_failed(self, task: str, problem: str) -> None:
        """A task is set aside until the next start."""
        with self._change() as db:
            db.execute("UPDATE tasks SET state = 'failed', problem = ? WHERE name = ?", (problem, task))
            self._event(db, "task failed", task, problem)

    def task_waits(self, task: str) -> None:
        """A task that was set aside is taken up again."""
        with self._change() as db:
            db.execute("UPDATE tasks SET state = 'waiting', problem = '' WHERE name = ?", (task,))

    def alive(self, progress: Callable[[], dict[str, Any]]) -> None:
        """Say now and then that the driver lives, and what it does; may be called as often as one likes."""
        if self._clock() - self._beat < _BEAT_SECONDS:
            return
        self._beat = self._clock()
        with self._change() as db:
            told = time.time(), json.dumps(progress()), self._start
            db.execute("UPDATE starts SET seen = ?, progress = ? WHERE number = ?", told)

    def end(self, outcome: str, problem: str) -> None:
        """The start's last word: "done", "failed" or "stopped"; then the file is closed."""
        now = time.time()
        with self._change() as db:
            db.execute("UPDATE attempts SET ended = ?, outcome = 'stopped' WHERE ended IS NULL", (now,))
            db.execute("UPDATE chunks SET state = 'waiting' WHERE state = 'rendering'")
            told = now, now, outcome, problem, self._start
            db.execute("UPDATE starts SET seen = ?, ended = ?, outcome = ?, problem = ? WHERE number = ?", told)
            self._event(db, outcome, "", problem)
        self._db.close()

    def _close(
        self, db: sqlite3.Connection, task: str, chunk: Chunk, outcome: str, error: str,
        load_seconds: float | None, render_seconds: float | None,
    ) -> None:  # fmt: skip
        number, log = self._open.pop((task, chunk.first, chunk.last), (0, None))
        values = time.time(), outcome, error, load_seconds, render_seconds, _size(log) if log else None, number
        db.execute(
            "UPDATE attempts SET ended = ?, outcome = ?, error = ?, load_seconds = ?, render_seconds = ?, log_to = ?"
            " WHERE id = ?",
            values,
        )

    def _set_chunk(self, db: sqlite3.Connection, task: str, chunk: Chunk, state: str) -> None:
        db.execute(_PUT_CHUNK, (task, chunk.first, chunk.last, state))

    def _event(self, db: sqlite3.Connection, kind: str, task: str, text: str) -> None:
        values = self._start, time.time(), kind, task, text
        db.execute("INSERT INTO events (start, time, kind, task, text) VALUES (?, ?, ?, ?, ?)", values)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction. What fails is told once and lost; the next is tried again: a full disk may get room."""
        try:
            with self._db:
                yield self._db
        except sqlite3.Error as error:
            self._tell(f"the record of run {self._identity.id} cannot be written ({error}); rendering goes on")

    def _tell(self, sentence: str) -> None:
        if not self._said:
            self._said = True
            self._say(sentence)

    def _relative(self, path: Path) -> str:
        """A path as it stays right when the output folder is moved."""
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else str(path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return _opened(path)
            except (sqlite3.DatabaseError, ValueError) as error:
                aside = set_aside(path)
                self._say(f"{path}: {error}; it is kept as {aside.name}, and the record begins anew")
                return _opened(path)
        except (sqlite3.Error, ValueError, OSError) as error:
            self._tell(f"{path}: cannot be written ({error}); rendering goes on without a record")
            memory = sqlite3.connect(":memory:")
            memory.executescript(_TABLES + _MADE_FROM)
            return memory


@contextmanager
def recorded(record: Record) -> Iterator[None]:
    """Ends the record with what its block came to: done, an error's sentence, or stopped by the user."""
    try:
        yield
    except KeyboardInterrupt:
        record.end("stopped", "")
        raise
    except BaseException as error:
        record.end("failed", str(error))
        raise
    record.end("done", "")


def read(path: Path) -> sqlite3.Connection:
    """A run's file opened for reading, while it is written too; ValueError where it is broken or of another version."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not path.with_name(f"{path.name}-wal").exists():
        uri += "&immutable=1"  # nobody writes it; SQLite would leave files of its own beside it
    db = sqlite3.connect(uri, uri=True, timeout=5)
    try:
        _require_version(db)
    except (sqlite3.Error, ValueError) as error:
        db.close()
        raise ValueError(str(error)) from error
    db.row_factory = sqlite3.Row
    return db


def made_from(folder: Path) -> dict[str, tuple[dict[str, Any], bool]]:
    """{fingerprint: (its parts by name, whether it was finished)} of all that the runs of a folder rendered.

    For explaining alone: what a record lacks, or a broken one says, is not there.
    """
    found: dict[str, tuple[dict[str, Any], bool]] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            with closing(read(path)) as db:
                rows = db.execute(
                    "SELECT m.fingerprint, m.parts, EXISTS (SELECT * FROM tasks t WHERE t.name = m.task"
                    " AND t.fingerprint = m.fingerprint AND t.state = 'done') AS done FROM made_from m"
                ).fetchall()
                parts = {row["fingerprint"]: (json.loads(row["parts"]), bool(row["done"])) for row in rows}
                found |= {name: told for name, told in parts.items() if isinstance(told[0], dict)}
        except (sqlite3.Error, ValueError):
            continue
    return found


def files_of(path: Path) -> list[Path]:
    """The file and those that SQLite keeps beside it."""
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used another name; returns it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for file in files_of(path):
        if file.exists():
            file.rename(file.with_name(f"{file.name}.aside-{stamp}"))
    return path.with_name(f"{path.name}.aside-{stamp}")


def _opened(path: Path) -> sqlite3.Connection:
    # All threads but the driver's own only render, join and check: one connection of one thread does.
    db = sqlite3.connect(path, timeout=2)
    try:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            db.execute("PRAGMA journal_mode = WAL")
            with db:
                db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {SCHEMA};COMMIT;")
        _require_version(db)
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise ValueError("is damaged")
        db.executescript(_MADE_FROM)
        # A power cut may take the last changes, never the file: what is rendered does not depend on it.
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


def _require_version(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA:
        raise ValueError(f"is of version {version}, this program reads {SCHEMA}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
