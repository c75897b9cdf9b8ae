"""What a run asks of the place where its workers run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from blender_addon.dataset import batch

Result = TypeVar("Result", covariant=True)


class Worker(Protocol):
    """One Blender that is kept fed with requests, wherever it runs.

    name: of this run's; host: the machine that it is on; log: its Blender's own output.
    """

    name: str
    host: str
    log: Path

    @property
    def pid(self) -> int:
        """Of its process on its host; 0 while that is not known."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""

    @property
    def is_lost(self) -> bool:
        """Whether its machine went away, so that nothing that it was given is to blame."""

    @property
    def seconds_left(self) -> float | None:
        """Until its machine is taken away, as a queue does when a job's time is over; None where that is not known."""

    @property
    def memory(self) -> int:
        """Bytes that it holds, as far as that is known."""

    def send(self, request: batch.Request) -> None:
        """Queue a request; nothing happens where the worker is gone."""

    def events(self) -> list[dict[str, Any]]:
        """What happened since the last call, in order; cheap where nothing did."""

    def finish(self) -> None:
        """Tell it to end when its requests are done."""

    def kill(self, grace: float = 5.0) -> None:
        """End it and all it started; it has `grace` seconds to end by itself."""

    def wait(self, seconds: float) -> int | None:
        """Wait for it to end by itself; None where it does not in that time."""

    def how_it_ended(self) -> str:
        """In words, for the user."""


class Job(Protocol[Result]):
    """Work that is done beside the workers."""

    def done(self) -> bool:
        """Whether it has ended."""

    def exception(self) -> BaseException | None:
        """What it raised, once it has ended."""

    def result(self) -> Result:
        """What it returned, once it has ended; raises what it raised."""


class Executor(Protocol):
    """A place for workers, and for the work that is not Blender's: checking chunks, joining, adding sound.

    blender: what its workers render with, for messages; logs: the folder of their logs.
    """

    logs: Path

    @property
    def blender(self) -> str:
        """In words."""

    @property
    def workers(self) -> int:
        """How many may run at a time; it may change while a run goes on."""

    @property
    def lacking(self) -> str:
        """A sentence while there is no machine to start workers on, else ""."""

    def start(self, name: str) -> Worker | None:
        """Start a worker; None where there is no machine for it now, FarmError where it cannot be started at all."""

    def wait(self, seconds: float) -> None:
        """Until a worker may have something to say or a job has ended, and no longer than that."""

    def leave(self, worker: Worker) -> None:
        """Start no more workers where this one is: its machine is about to be taken away."""

    def has_other(self, host: str) -> bool:
        """Whether there are machines besides this one."""

    def set_aside(self, host: str) -> None:
        """Start no more workers on a machine that is not the only one."""

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Job[Result]:
        """Do some work beside the workers. Function, arguments and result can be pickled."""

    def close(self) -> None:
        """Wait for the work that goes on and drop what has not begun; the workers have ended before."""
