"""One run at a time writes into an output folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock

from .errors import FarmError

#: A look at the lock (`holder`) takes it for a moment; a start must not take that for another run.
_PATIENCE_SECONDS = 0.5


@dataclass(frozen=True)
class Holder:
    """Who renders into a folder. run: the run's id, or ""; born: tells the process from a later one of its number."""

    host: str
    pid: int
    since: str
    run: str = ""
    born: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, and still the one that wrote its name."""
        return self.host == socket.gethostname() and self.born == _birth(self.pid)


@contextmanager
def held(folder: Path, run: str = "") -> Iterator[None]:
    """Hold the folder's lock; FarmError says who has it (host, process, since when) where another run does."""
    path = folder / "lock.json"
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except filelock.Timeout:
        raise FarmError(f"{folder.parent}: {_who(path)} renders into this folder; wait for it or use --out") from None
    try:
        pid = os.getpid()
        facts = Holder(socket.gethostname(), pid, time.strftime("%Y-%m-%d %H:%M:%S"), run, _birth(pid))
        path.write_text(json.dumps(asdict(facts)), encoding="utf-8")
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def holder(folder: Path) -> Holder | None:
    """Who holds the folder's lock; None where nobody does, also where a killed run left its name."""
    path = folder / "lock.json"
    if not path.is_file():
        return None
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return _read(path)
    except OSError:
        return _read(path)  # another user's folder: what is written there has to do
    lock.release()
    return None


def _read(path: Path) -> Holder | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return Holder(str(facts["host"]), int(facts["pid"]), str(facts["since"]), str(facts["run"]), str(facts["born"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it has the lock and has not yet written its name


def _who(path: Path) -> str:
    found = _read(path)
    return f"process {found.pid} on {found.host}, since {found.since}," if found else "another run"


def _birth(pid: int) -> str:
    """When a process began, in Linux's ticks; "" where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""
