"""Checks a whole data set: many heads at a time, or every value of every file on all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from blender_addon.dataset.checks import survey
from blender_addon.dataset.checks.facts import Facts
from blender_addon.dataset.checks.inventory import File
from blender_addon.dataset.checks.survey import Report

from .errors import FarmError

#: Heads are read by so many threads: a disk in the network answers many as fast as one.
_THREADS = 8

#: A process takes so many files at a time at most, and so many bytes: long enough that handing out costs nothing.
_BATCH_FILES, _BATCH_BYTES = 16, 16 << 20


def check(
    data: Path | str,
    *,
    deep: bool = False,
    ignored: Iterable[str] = (),
    show: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Everything that is wrong with a copy of the data set, quickly by heads, or by every value (`deep`).

    ignored: codes to leave out; show: told of bytes done and in all, in deep mode, else of files. DatasetError where
    there is no data set.
    """
    seen = survey.look(survey.find(data))
    files = seen.files
    if deep:
        facts = _examine_all(files, show)
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            examined = pool.map(partial(survey.examine, deep=False), files)
            facts = dict(zip(files, examined, strict=True))
        show(len(files), len(files))
    return survey.conclude(seen, facts, ignored)


def _examine_all(files: list[File], show: Callable[[int, int], None]) -> dict[File, Facts]:
    total, done = sum(file.size for file in files), 0
    facts: dict[File, Facts] = {}
    show(0, total)
    with _pool(len(files)) as pool:
        pending = {pool.submit(_examine_batch, batch): batch for batch in _batches(files)}
        try:
            for future in as_completed(pending):
                batch = pending[future]
                facts |= zip(batch, future.result(), strict=True)
                done += sum(file.size for file in batch)
                show(done, total)
        except BrokenProcessPool as error:
            raise FarmError("a process of the check was ended, perhaps for lack of memory; start it again") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {file: facts[file] for file in files}


def _pool(files: int) -> Executor:
    # Forked processes would inherit the locks of the threads that show progress.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(min(cores(), max(files, 1)), context, initializer=_leave_ctrl_c_to_the_parent)


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(files: list[File]) -> Iterator[list[File]]:
    """The largest files first, so that no core is left with one at the end."""
    batch: list[File] = []
    for file in sorted(files, key=lambda file: -file.size):
        batch.append(file)
        if len(batch) >= _BATCH_FILES or sum(each.size for each in batch) >= _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _examine_batch(files: list[File]) -> list[Facts]:
    return [survey.examine(file, deep=True) for file in files]
