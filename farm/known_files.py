"""What was read from files before: hashes and lengths, so that a plan need not read gigabytes that did not change.

The list lies in the user's cache, for all output folders; without it everything is read again, and nothing else is
different.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from .errors import FarmError

#: What is known of a file is kept only where its times are older than this, seconds: a file that is written twice
#: within a tick of its clock looks the same, and a file server's clock may be behind.
SETTLED_SECONDS = 10.0

#: As many facts are kept; the oldest go first.
_MOST = 200_000

_TABLE = """
CREATE TABLE IF NOT EXISTS facts (path TEXT, what TEXT, stamp TEXT, value TEXT, PRIMARY KEY (path, what));
"""


class KnownFiles:
    """Facts of files, each computed once as long as path, size, times and inode stay the same. Closed by its owner."""

    def __init__(self, db: sqlite3.Connection | None = None, settled: float = SETTLED_SECONDS) -> None:
        self._db, self._settled = db, settled
        self._new: list[tuple[str, str, str, str]] = []

    def fact(self, path: Path, what: str, read: Callable[[], Any]) -> Any:
        """What `read` tells of a file, as plain data; `what` names it. An exception of `read` is not kept."""
        before = _stamp(path)
        if before is None or self._db is None:
            return read()
        key, stamp = str(path.absolute()), before[0]
        found = self._look_up(key, what)
        if found is not None and found[0] == stamp:
            return json.loads(found[1])
        started = time.time()
        value = read()
        if before[1] + self._settled < started and _stamp(path) == before:
            self._new.append((key, what, stamp, json.dumps(value)))
        return value

    def fingerprint(self, path: Path) -> str:
        """A hash of a file's content; "missing" where there is none. FarmError where it cannot be read."""
        return self.fact(path, "blake2b", lambda: file_fingerprint(path))

    def close(self) -> None:
        """Keep what is new; where that cannot be, it is computed again another time."""
        if self._db is None:
            return
        try:
            if self._new:
                with self._db as db:
                    db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", self._new)
                    last = db.execute("SELECT max(rowid) FROM facts").fetchone()[0]
                    db.execute("DELETE FROM facts WHERE rowid <= ?", (last - _MOST,))
        except sqlite3.Error:
            pass  # another process writes it, or the disk is full: only time is lost
        finally:
            self._db.close()
            self._db = None

    def _look_up(self, path: str, what: str) -> tuple[str, str] | None:
        if self._db is None:
            return None
        try:
            return self._db.execute(
                "SELECT stamp, value FROM facts WHERE (path, what) = (?, ?)", (path, what)
            ).fetchone()
        except sqlite3.Error:
            return None


@contextmanager
def opened(path: Path | None = None, settled: float = SETTLED_SECONDS) -> Iterator[KnownFiles]:
    """The list, in the user's cache unless another file is named; an empty one that forgets where it cannot be used."""
    known = KnownFiles(_connect(path or default_path()), settled)
    try:
        yield known
    finally:
        known.close()


def default_path() -> Path:
    """Where the list lies."""
    return Path(platformdirs.user_cache_dir("interact-farm", appauthor=False)) / "files.sqlite"


def file_fingerprint(path: Path) -> str:
    """A hash of a file's content; "missing" where there is none."""
    if not path.is_file():
        return "missing"
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError as error:
        raise FarmError(f"{path}: cannot be read ({error.strerror})") from error


def _connect(path: Path) -> sqlite3.Connection | None:
    db = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=1)
        db.executescript(_TABLE)
    except (sqlite3.Error, OSError) as error:
        if db is not None:
            db.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            path.unlink(missing_ok=True)  # no database: the next plan begins a new one
        return None
    return db


def _stamp(path: Path) -> tuple[str, float] | None:
    """What changes with a file's content, and the later of its times; None where there is no file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    stamp = f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {facts.st_dev} {facts.st_ino}"
    return stamp, max(facts.st_mtime, facts.st_ctime)
