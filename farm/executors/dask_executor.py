"""Workers in the processes of a Dask cluster: each keeps a Blender, and does the run's other work beside it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from distributed import Client
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker
from tornado.platform.asyncio import BaseAsyncIOLoop

from blender_addon.dataset import batch

from .. import __version__
from ..errors import FarmError
from ..launch import Launch
from .dask_node import HELLO_SECONDS, Node, order
from .executor import Worker

Result = TypeVar("Result")

#: How often the nodes hear that the driver is there, and the queue is asked for what is missing, seconds.
_BEAT_SECONDS = 10.0

#: A node that has said nothing for so long went away, seconds; mostly the scheduler tells much earlier.
_LOST_SECONDS = 4 * HELLO_SECONDS

#: How long nodes that are there have to say so, seconds.
_GREETING_SECONDS = 10.0


@dataclass
class _Machine:
    """A process of the cluster as its node told of it. heard, ends: by this machine's monotonic clock, seconds."""

    address: str
    host: str
    heard: float
    ends: float | None
    leaves: bool = False


class DaskWorker:
    """See executor.Worker: a Blender beside a process of the cluster. turn: its orders are carried out in order."""

    def __init__(self, name: str, machine: _Machine, log: Path, tell: Callable[..., None]) -> None:
        self.name, self.host, self.log = name, machine.host, log
        self.machine = machine
        self.pid, self.memory = 0, 0
        self.exit_code: int | None = None
        self.is_lost = False
        self.turn = asyncio.Lock()
        self._tell, self._how, self._is_told_to_end = tell, "", False
        self._told: deque[dict[str, Any]] = deque()

    @property
    def seconds_left(self) -> float | None:
        return None if self.machine.ends is None else self.machine.ends - time.monotonic()

    def send(self, request: batch.Request) -> None:
        if self.exit_code is None:
            self._tell(self, "send", self.name, batch.to_line(request))

    def events(self) -> list[dict[str, Any]]:
        # Dask's thread adds to them meanwhile.
        return [self._told.popleft() for _ in range(len(self._told))]

    def finish(self) -> None:
        self.send(batch.End())

    def kill(self, grace: float = 5.0) -> None:
        """Its end is told by its node, some time later."""
        if self.exit_code is None and not self._is_told_to_end:
            self._is_told_to_end = True
            self._tell(self, "kill", self.name, grace)

    def wait(self, seconds: float) -> int | None:
        until = time.monotonic() + seconds
        while self.exit_code is None and time.monotonic() < until:
            time.sleep(0.05)
        return self.exit_code

    def how_it_ended(self) -> str:
        return self._how or "runs"

    def hears(self, told: dict[str, Any]) -> None:
        """Take in what its node told."""
        self.pid = told.get("pid") or self.pid
        self.memory = told.get("memory") or self.memory
        self._told.extend(told["events"])
        if told["exit"] is not None and self.exit_code is None:
            self._how = told["how"]
            self.exit_code = told["exit"]  # last: who sees it finds all the rest

    def loses(self, how: str) -> None:
        """Its machine cannot be reached any more."""
        if self.exit_code is None:
            self._how, self.is_lost = how, True
            self.exit_code = -1


class DaskExecutor:
    """See executor.Executor. Each process of the cluster keeps one Blender at a time.

    address: the scheduler's; most: as many Blenders at a time at most, None for one in each process; expected: as many
    processes will be there; walltime: seconds that the queue gives a job, None where that is not known; renew: asks the
    queue for what is missing; retires: whether a process is given back when its time is nearly over.
    """

    def __init__(
        self, client: Client, address: str, launch: Launch | None, logs: Path, *,
        most: int | None = None, expected: int = 1, walltime: float | None = None,
        renew: Callable[[], None] = lambda: None, retires: bool = False,
    ) -> None:  # fmt: skip
        self.logs = logs
        self._client, self._address, self._launch = client, address, launch
        self._loop = cast(BaseAsyncIOLoop, client.loop).asyncio_loop
        self._most, self._expected, self._renew, self._retires = most, expected, renew, retires
        self._topic = f"interact-farm-{uuid.uuid4().hex}"
        self._machines: dict[str, _Machine] = {}
        self._aside: set[str] = set()
        self._workers: dict[str, DaskWorker] = {}
        self._jobs: set[Future[Any]] = set()
        self._stranger = ""
        self._beaten = time.monotonic()
        logs.mkdir(parents=True, exist_ok=True)
        client.subscribe_topic(self._topic, self._hear)
        client.subscribe_topic("all", self._hear_of_all)
        try:
            client.register_plugin(Node(self._topic, launch, logs.absolute(), walltime), name=self._topic)
        except Exception as error:
            raise FarmError(
                f"the workers at {address} cannot take part ({type(error).__name__}: {error}); "
                f"interact-farm {__version__} must be installed in their Python too"
            ) from error
        self._await_greetings()

    @property
    def blender(self) -> str:
        return str(self._launch.blender) if self._launch else ""

    @property
    def workers(self) -> int:
        there = max(len(self._usable()), self._expected)
        return there if self._most is None else min(there, self._most)

    @property
    def lacking(self) -> str:
        return "" if self._usable() else f"waits for workers at {self._address}"

    def start(self, name: str) -> DaskWorker | None:
        busy = [worker.machine.address for worker in self._workers.values() if worker.exit_code is None]
        hosts = [worker.host for worker in self._workers.values() if worker.exit_code is None]
        free = [machine for machine in self._usable() if machine.address not in busy]
        if not free:
            return None
        machine = min(free, key=lambda machine: hosts.count(machine.host))
        self._workers = {name: worker for name, worker in self._workers.items() if worker.exit_code is None}
        worker = DaskWorker(name, machine, self.logs / f"{name}.log", self._tell)
        self._workers[name] = worker
        self._tell(worker, "start", name)
        return worker

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        if self._client.status != "running":
            raise FarmError(f"the scheduler at {self._address} went away; start again, finished chunks are kept")
        if self._stranger:
            raise FarmError(self._stranger)
        now = time.monotonic()
        for machine in [machine for machine in self._machines.values() if now - machine.heard > _LOST_SECONDS]:
            self._lose(machine.address)
        if now - self._beaten > _BEAT_SECONDS:
            self._beaten = now
            for address in list(self._machines):
                self._post(self._beat(address))
            self._renew()

    def has_other(self, host: str) -> bool:
        return any(machine.host != host for machine in self._usable())

    def set_aside(self, host: str) -> None:
        self._aside.add(host)

    def leave(self, worker: Worker) -> None:
        self._workers[worker.name].machine.leaves = True

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        job = self._post(self._do(work, arguments))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return job

    def close(self) -> None:
        for job in list(self._jobs):
            job.cancel()
        if self._client.status == "running":
            self._client.unsubscribe_topic("all")
            self._client.unregister_worker_plugin(self._topic)
            self._client.unsubscribe_topic(self._topic)

    def _usable(self) -> list[_Machine]:
        machines = list(self._machines.values())
        return [machine for machine in machines if machine.host not in self._aside and not machine.leaves]

    def _await_greetings(self) -> None:
        """Until the nodes that are there have said so: how many there are decides how the work is cut."""
        there = len(self._client.nthreads())
        until = time.monotonic() + _GREETING_SECONDS
        while len(self._machines) < there and time.monotonic() < until:
            time.sleep(0.05)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        if "node" not in told:
            worker = self._workers.get(told["blender"])
            if worker is not None:
                worker.hears(told)
                if worker.exit_code is not None and worker.machine.leaves and self._retires:
                    self._post(self._retire(worker.machine.address))
            return
        address, host, version, left, blenders = told["node"]
        now = time.monotonic()
        if version != __version__:
            self._stranger = f"{host} has interact-farm {version}, this is {__version__}: install the same everywhere"
        known = self._machines.setdefault(address, _Machine(address, host, now, None))
        known.heard, known.ends = now, None if left is None else now + left
        for name in blenders:
            if name not in self._workers or self._workers[name].is_lost:
                self._post(self._order(address, "kill", name, 0.0))  # its chunk was given to another meanwhile

    def _hear_of_all(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        if isinstance(told, dict) and told.get("action") == "remove-worker":
            self._lose(told.get("worker", ""))

    def _lose(self, address: str) -> None:
        machine = self._machines.pop(address, None)
        for worker in list(self._workers.values()):
            if machine is not None and worker.machine is machine:
                worker.loses(f"went away with its process on {machine.host}")

    def _tell(self, worker: DaskWorker, what: str, *arguments: Any) -> None:
        """Give an order without waiting for it; a worker's orders are carried out one after another."""
        self._post(self._in_turn(worker, what, *arguments))

    async def _in_turn(self, worker: DaskWorker, what: str, *arguments: Any) -> None:
        async with worker.turn:
            try:
                await self._order(worker.machine.address, what, *arguments)
            except Exception as error:  # noqa: BLE001 - whatever it is, this worker is out of reach; it is told as its end
                worker.loses(f"cannot be reached on {worker.host} ({type(error).__name__}: {error})")

    async def _beat(self, address: str) -> None:
        try:
            await self._order(address, "beat")
        except Exception:  # noqa: BLE001 - whatever it is, it cannot be reached; it counts again once it says so
            self._lose(address)

    async def _order(self, address: str, what: str, *arguments: Any) -> None:
        if address not in self._machines:
            raise FarmError(f"{address} went away")
        await self._client.run(order, self._topic, what, *arguments, workers=[address])

    async def _do(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            return await self._client.submit(work, *arguments, pure=False)
        except KilledWorker as error:
            raise FarmError(f"the cluster's workers went away one after another while they did it ({error})") from error
        except FutureCancelledError as error:
            raise FarmError(f"the scheduler at {self._address} went away") from error

    async def _retire(self, address: str) -> None:
        await self._client.retire_workers([address])

    def _post(self, coroutine: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
