"""One run at a time writes into an output folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from .errors import FarmError


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; FarmError says who has it (host, process, since when) where another run does."""
    holder = folder / "lock.json"
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise FarmError(f"{folder.parent}: {_who(holder)} renders into this folder; wait for it or use --out") from None
    try:
        facts = {"host": socket.gethostname(), "pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        holder.write_text(json.dumps(facts), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {facts['pid']} on {facts['host']}, since {facts['since']},"
    except (OSError, ValueError, KeyError):
        return "another run"  # it has the lock and has not yet written its name
