"""Where a run's workers run: on this machine, or in the processes of a Dask cluster."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import FarmError
from ..launch import Launch
from . import cluster_file
from .executor import Executor
from .local import LocalExecutor

if TYPE_CHECKING:
    from distributed import Client

_NEARBY = ("localhost", "127.0.0.1", "::1")

#: How long a scheduler may take to answer.
_CONNECT_SECONDS = 30


@dataclass(frozen=True)
class Place:
    """executor: local or dask; scheduler: the address of a Dask that runs, or its scheduler file; cluster: a cluster
    file, by which one is started through a queue; with neither, dask is processes of this machine. insecure: whether
    the network may be used without TLS."""

    executor: str = "local"
    scheduler: str = ""
    cluster: str = ""
    insecure: bool = False

    def workers(self, asked: int | None, of_a_machine: int) -> int:
        """How many workers to plan for; of_a_machine: as many fit on this one."""
        if self.cluster:
            there = cluster_file.read(Path(self.cluster)).workers
            return min(asked, there) if asked else there
        return asked or of_a_machine

    def threads(self, workers: int, cores: int) -> int | None:
        """Threads of each Blender: the cores where it runs shared out, None where they are not known; cores: of this
        machine."""
        if self.cluster:
            there = cluster_file.read(Path(self.cluster))
            return max(1, there.cores // there.workers_per_job)
        return None if self.scheduler else max(1, cores // workers)


@contextmanager
def opened(place: Place, launch: Launch | None, logs: Path, workers: int, most: int | None) -> Iterator[Executor]:
    """The executor of a place, closed after the block however that ends.

    workers: as many are expected; most: as many are allowed, None for all there are. FarmError where a cluster cannot
    be reached or begun.
    """
    if place.executor == "local":
        with closing(LocalExecutor(launch, logs, workers)) as executor:
            yield executor
        return
    _require_dask()
    if place.cluster:
        yield from _queued(cluster_file.read(Path(place.cluster)), place, launch, logs, most)
    elif place.scheduler:
        yield from _joined(_address(place), launch, logs, most)
    else:
        yield from _nearby(launch, logs, workers)


def _joined(address: str, launch: Launch | None, logs: Path, most: int | None) -> Iterator[Executor]:
    from .dask_executor import DaskExecutor

    with _client(address) as client, closing(DaskExecutor(client, address, launch, logs, most=most)) as executor:
        yield executor


def _nearby(launch: Launch | None, logs: Path, workers: int) -> Iterator[Executor]:
    from distributed import LocalCluster

    from .dask_executor import DaskExecutor

    # No limit of memory: a nanny counts the process beside Blender, and would end both.
    options = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None, "processes": True}
    with LocalCluster(n_workers=workers, host="127.0.0.1", **options) as cluster, _client(cluster) as client:
        address = cluster.scheduler_address
        with closing(DaskExecutor(client, address, launch, logs, most=workers, expected=workers)) as executor:
            yield executor


def _queued(
    file: cluster_file.ClusterFile, place: Place, launch: Launch | None, logs: Path, most: int | None
) -> Iterator[Executor]:
    import dask_jobqueue

    from .dask_executor import DaskExecutor

    kinds = {
        "slurm": dask_jobqueue.SLURMCluster,
        "pbs": dask_jobqueue.PBSCluster,
        "sge": dask_jobqueue.SGECluster,
        "lsf": dask_jobqueue.LSFCluster,
    }
    logs.mkdir(parents=True, exist_ok=True)
    try:
        cluster = kinds[file.kind](**_job(file, logs), **_network(file, place, logs))
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        raise FarmError(f"{place.cluster}: the cluster cannot be begun ({error})") from error
    with cluster, _client(cluster) as client:
        executor = DaskExecutor(
            client, cluster.scheduler_address, launch, logs, most=most, expected=file.workers,
            walltime=float(file.seconds), renew=lambda: cluster.scale(jobs=file.jobs), retires=True,
        )  # fmt: skip
        with closing(executor):
            cluster.scale(jobs=file.jobs)
            yield executor


def _job(file: cluster_file.ClusterFile, logs: Path) -> dict[str, Any]:
    """What a job of the queue is asked with."""
    minutes, seconds = divmod(file.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    account = "project" if file.kind in ("sge", "lsf") else "account"
    return {
        "cores": file.cores,
        "memory": file.memory,
        "processes": file.workers_per_job,
        # LSF knows no seconds, and no queue but Slurm's days.
        "walltime": f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if file.kind != "lsf" else ""),
        "queue": file.queue or None,
        account: file.account or None,
        "job_name": "interact-farm",
        "job_extra_directives": list(file.directives),
        "job_script_prologue": list(file.prologue),
        "python": file.python or None,
        "log_directory": str(logs),
        # The last one counts: no nanny is to end a Blender for the memory of the process beside it.
        "worker_extra_args": ["--memory-limit", "0"],
        "death_timeout": 60,
    }


def _network(file: cluster_file.ClusterFile, place: Place, logs: Path) -> dict[str, Any]:
    return {
        "interface": file.interface or None,
        # Keys made for this run alone, readable by this user alone.
        "security": None if place.insecure else True,
        "shared_temp_directory": str(logs),
        "scheduler_options": {"dashboard_address": "127.0.0.1:0"},
    }


def _address(place: Place) -> str:
    """The scheduler's address; FarmError where it is reached over the network in the clear and nobody said so."""
    address = place.scheduler
    if Path(address).is_file():
        try:
            address = json.loads(Path(address).read_text(encoding="utf-8"))["address"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FarmError(f"{place.scheduler}: is no scheduler file of Dask ({error})") from error
    try:
        parts = urlsplit(address if "://" in str(address) else f"tcp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FarmError(f"{address}: is no address of a Dask scheduler ({error})") from error
    if not host or not port or parts.scheme not in ("tcp", "tls"):
        raise FarmError(f"{address}: is no address of a Dask scheduler; write it as tls://HOST:8786")
    if parts.scheme != "tls" and host not in _NEARBY and not place.insecure:
        raise FarmError(
            f"{address}: whoever can reach a Dask without TLS can run anything there; set TLS up and write tls://, "
            "or say --insecure in a network that you trust"
        )
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def _client(address: Any) -> Iterator[Client]:
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise FarmError(f"{address}: no Dask scheduler answers there ({error or type(error).__name__})") from error
    with client:
        yield client


def _require_dask() -> None:
    for name in ("distributed", "dask_jobqueue", "cryptography"):
        if importlib.util.find_spec(name) is None:
            raise FarmError(f"a cluster needs the package {name}: pip install 'interact-farm[cluster]'")
