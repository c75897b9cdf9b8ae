"""What runs in each process of a Dask cluster: Blenders beside it, fed and listened to for a driver somewhere else.

The driver sends orders, which Dask runs in the process; what Blender tells goes back as events of one topic. Log and
event file of a Blender lie in the run's own folder, which all machines share.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from distributed import Worker, WorkerPlugin

from blender_addon.dataset import batch

from .. import __version__
from ..errors import FarmError
from ..launch import Launch
from .local import LocalWorker

#: The Blenders here are looked at this often, seconds.
_LOOK_SECONDS = 0.1

#: How often a node says that it is there, seconds.
HELLO_SECONDS = 15.0

#: Without a sign of the driver for so long it is gone, seconds: its Blenders end.
_DRIVER_GONE_SECONDS = 60.0

#: A worker of Dask that closes cannot wait as long as a driver that ends a Blender.
_CLOSING_SECONDS = 2.0


class Node(WorkerPlugin):
    """Attached to each worker of Dask for one run. topic: the run's; walltime: seconds that its job has, if known."""

    def __init__(self, topic: str, launch: Launch | None, logs: Path, walltime: float | None = None) -> None:
        self.name = topic
        self._launch, self._logs, self._walltime = launch, logs, walltime

    def setup(self, worker: Worker) -> None:
        """Called by Dask in the worker's own process."""
        self._dask = worker
        self._blenders: dict[str, LocalWorker] = {}
        self._ends = _end_of_job(self._walltime)
        self._over = threading.Event()
        self._heard_driver = time.monotonic()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="interact-farm")
        self._watcher.start()

    def teardown(self, worker: Worker) -> None:
        """Called by Dask at the end of the run, or of the worker."""
        self._over.set()
        self._watcher.join()
        for blender in self._blenders.values():
            if blender.exit_code is None:
                blender.kill(_CLOSING_SECONDS)

    def start(self, name: str) -> None:
        """Start a Blender."""
        try:
            if self._launch is None:
                raise FarmError("there is something to render and no Blender to do it")
            self._blenders[name] = LocalWorker(name, self._launch, self._logs)
        except FarmError as error:
            self._say(blender=name, events=[], exit=1, how=f"did not start ({error})")

    def send(self, name: str, line: str) -> None:
        """Queue a request, a line of a batch."""
        if name in self._blenders:
            self._blenders[name].send(batch.parse_line(line))

    def kill(self, name: str, grace: float) -> None:
        """End a Blender; its end is told as any other."""
        if name in self._blenders:
            threading.Thread(target=self._blenders[name].kill, args=(grace,), daemon=True).start()

    def beat(self) -> None:
        """The driver is there."""
        self._heard_driver = time.monotonic()

    def _watch(self) -> None:
        said = float("-inf")
        while not self._over.wait(_LOOK_SECONDS):
            if time.monotonic() - said > HELLO_SECONDS:
                said = time.monotonic()
                left = None if self._ends is None else self._ends - time.time()
                self._say(node=[self._dask.address, socket.gethostname(), __version__, left, [*self._blenders]])
            for name, blender in list(self._blenders.items()):
                code = blender.exit_code  # before its events: what it told last comes with its end
                told = blender.events()
                if told or code is not None:
                    rendered = any(event["event"] == "rendered" for event in told)
                    how = "" if code is None else blender.how_it_ended()
                    memory = blender.memory if rendered else None
                    self._say(blender=name, pid=blender.pid, events=told, memory=memory, exit=code, how=how)
                if code is not None:
                    del self._blenders[name]
            if time.monotonic() - self._heard_driver > _DRIVER_GONE_SECONDS:
                for blender in self._blenders.values():
                    blender.kill()
                self._heard_driver = float("inf")

    def _say(self, **told: Any) -> None:
        self._dask.log_event(self.name, told)


def order(topic: str, what: str, *arguments: Any, dask_worker: Worker) -> None:
    """Call a method of the run's node; sent by the driver, run by Dask."""
    getattr(dask_worker.plugins[topic], what)(*arguments)


def _end_of_job(walltime: float | None) -> float | None:
    """When the job ends that this process is in, in seconds since 1970: as Slurm tells, else by its beginning."""
    told = os.environ.get("SLURM_JOB_END_TIME", "")
    if told.isdigit():
        return float(told)
    if walltime is None:
        return None
    # A nanny starts the process anew after a crash; the job is as old as the nanny.
    process = psutil.Process()
    parent = process.parent()
    is_nannys = parent is not None and "dask" in " ".join(parent.cmdline())
    return walltime + (parent.create_time() if parent is not None and is_nannys else process.create_time())
