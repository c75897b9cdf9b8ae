"""A worker as a process of this machine: started, fed with requests, listened to, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil

from blender_addon.dataset import batch
from blender_addon.dataset.reach import Reach

from .. import leftovers
from ..blender import Blender
from ..errors import FarmError
from ..launch import Launch
from ..scratch import Scratch
from .event_file import EventFile
from .executor import Worker

#: How long a worker has to end by itself once it is told to.
_GRACE_SECONDS = 5.0

_LOOK_SECONDS = 0.05

#: What says that a request is done.
_DONE = ("saved", "tried", "rendered")

Result = TypeVar("Result")

#: So many last lines of a log may tell what ended a worker; Blender's own account of a crash is as long. They are in
#: its last bytes.
_LAST_LINES, _LAST_BYTES = 10, 16 * 1024


class LocalWorker:
    """One Blender that is kept fed: `send` requests, `events` says what happened since the last call.

    It runs in a process group of its own, so that Ctrl-C reaches the driver alone and ending the worker ends
    whatever it started too, as does its own end. Its event file and its log stay in `folder`, and what Blender writes
    of a crash; its temporary folder is gone once it is seen to have ended.
    """

    is_lost, seconds_left = False, None

    def __init__(self, name: str, launch: Launch, folder: Path) -> None:
        self.name, self.host, self.launch = name, socket.gethostname(), launch
        self.log = folder / f"{name}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._events = EventFile(folder / f"{name}.events.jsonl")
            log = open(self.log, "wb")  # noqa: SIM115 - closed by the block below
        except OSError as error:
            raise FarmError(f"{folder}: the worker's log cannot be written there ({error.strerror})") from error
        with log:
            self._scratch: Scratch | None = Scratch()
            try:
                self._process = subprocess.Popen(
                    launch.command("-", self._events.path),
                    env=os.environ | launch.environment() | self._scratch.environment() | leftovers.mark(folder),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # A group, not a session: Linux shares the processors out by sessions, where the threads of Blender
                    # that spin as they wait would take from those that render (a fifth more processor time for Cycles).
                    process_group=0 if os.name == "posix" else None,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            except OSError as error:
                self._scratch.remove()
                raise FarmError(f"{launch.blender} does not start ({error})") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        code = self._process.poll()
        if code is not None:
            self._tidy()
        return code

    @property
    def memory(self) -> int:
        """Bytes of memory that it and what it started hold, shared ones counted for each; 0 where it is gone."""
        try:
            first = psutil.Process(self.pid)
            return sum(process.memory_info().rss for process in (first, *first.children(recursive=True)))
        except psutil.Error:
            return 0

    def send(self, request: batch.Request) -> None:
        """Queue a request; nothing happens where the worker is gone (`exit_code` tells)."""
        pipe = self._process.stdin
        if pipe is None:
            return
        try:
            pipe.write(batch.to_line(request).encode() + b"\n")
            pipe.flush()
        except (OSError, ValueError):
            return  # the driver finds it dead in its next look at exit_code

    def events(self) -> list[dict[str, Any]]:
        has_ended = self.exit_code is not None
        told = self._events.new()
        if has_ended:
            self._events.close()
        return told

    def finish(self) -> None:
        """Tell the worker to end when its requests are done."""
        self.send(batch.End())

    def kill(self, grace: float = _GRACE_SECONDS) -> None:
        """End the worker and all it started; it has `grace` seconds to end by itself."""
        if self._process.stdin:
            with suppress(OSError):  # what it did not take any more
                self._process.stdin.close()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()
        self._tidy()

    def wait(self, seconds: float) -> int | None:
        """Wait for the worker to end by itself; None where it does not in that time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.exit_code

    def how_it_ended(self) -> str:
        """In words, with the last line of its log that says anything of an error, if it says that at its end."""
        code = self.exit_code
        if code is None:
            return "runs"
        ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        lines = _last_lines(self.log)
        # What it said of errors long before did not end it: drivers of graphics cards complain at the start.
        errors = [line for line in lines if "rror" in line] or lines
        return ended + (f" ({errors[-1][:200]})" if errors and code > 0 else "")

    def _tidy(self) -> None:
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            self._end_orphans()
            for report in scratch.path.glob("*.crash.txt"):
                with suppress(OSError):
                    shutil.copyfile(report, self.log.with_name(f"{self.name}.{report.name}"))
            scratch.remove()

    def _end_orphans(self) -> None:
        """End what it started and left; right after its own end, when no other process can have its number yet."""
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _signal(self, number: int) -> None:
        try:
            if os.name == "posix":
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()
        except ProcessLookupError:
            return  # it ended between the look and the signal


def _last_lines(log: Path) -> list[str]:
    """Those that say anything; none where the log is gone."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            said = file.read().decode(errors="replace")
    except OSError:
        return []  # the user deleted it
    return [line.strip() for line in said.splitlines() if line.strip()][-_LAST_LINES:]


class LocalExecutor:
    """Workers as processes of this machine, and two threads for the work beside them.

    logs: a folder of its own for each start, so that what an earlier one says of a crash stays readable. launch: None
    where there is nothing to render.
    """

    lacking = ""

    def __init__(self, launch: Launch | None, logs: Path, workers: int) -> None:
        self.logs, self.workers = logs, workers
        self._launch = launch
        self._started: list[LocalWorker] = []
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="finish")
        self._job_ended = threading.Event()

    @property
    def blender(self) -> str:
        return str(self._launch.blender) if self._launch else ""

    def start(self, name: str) -> LocalWorker:
        if self._launch is None:
            raise FarmError("there is something to render and no Blender to do it")
        self._started = [worker for worker in self._started if worker.exit_code is None]
        self._started.append(LocalWorker(name, self._launch.beside(w.launch for w in self._started), self.logs))
        return self._started[-1]

    def wait(self, seconds: float) -> None:
        self._job_ended.wait(seconds)
        self._job_ended.clear()

    def leave(self, worker: Worker) -> None:
        """This machine stays."""

    def has_other(self, host: str) -> bool:
        return False

    def set_aside(self, host: str) -> None:
        raise FarmError(f"{host}: is the only machine")

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        job = self._pool.submit(work, *arguments)
        job.add_done_callback(lambda done: self._job_ended.set())
        return job

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def do_one(blender: Blender, request: batch.Request, *, timeout: float = 600.0) -> dict[str, Any]:
    """Start a worker for one request and wait for the event that says it is done; see do_all."""
    return do_all(blender, [request], timeout=timeout)[0]


def do_all(blender: Blender, requests: Sequence[batch.Request], *, timeout: float = 600.0) -> list[dict[str, Any]]:
    """Start a worker for requests, whose ids differ, one after another; the event of each that says it is done.

    FarmError with the worker's sentence if one failed. Its log lies in a temporary folder, which stays where something
    went wrong that the log tells more of.
    """
    folder = Path(tempfile.mkdtemp(prefix="interact-farm-"))
    worker = LocalWorker("worker", Launch(blender, Reach.of(requests)), folder)
    try:
        for request in requests:
            worker.send(request)
        worker.finish()
        until = time.monotonic() + timeout
        while worker.exit_code is None and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        told = worker.events()
    finally:
        if worker.exit_code is None:
            worker.kill()
    failed = next((event for event in told if event["event"] == "failed"), None)
    done = {event["id"]: event for event in told if event["event"] in _DONE}
    if failed and not failed["bad_input"]:
        raise FarmError(f"{failed['error']}; see {worker.log}")
    if not failed and not all(request.id in done for request in requests):
        raise FarmError(f"{blender}: the worker {worker.how_it_ended()} and did not do it; see {worker.log}")
    shutil.rmtree(folder, ignore_errors=True)
    if failed:
        raise FarmError(failed["error"])
    return [done[request.id] for request in requests]
