"""Progress of a run: a live display in a terminal, a line now and then in a log file."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..snapshot import Snapshot

#: In a log file one line does for this many seconds.
_LOG_SECONDS = 15.0


class ProgressView:
    """Shows snapshots of a run while it is open as a context."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._last_line = time.monotonic()

    def __enter__(self) -> ProgressView:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Take in the state of the run."""
        if self._live:
            self._live.update(_display(snapshot))
        elif time.monotonic() - self._last_line >= _LOG_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(_headline(snapshot))


def duration(seconds: float | None) -> str:
    """Seconds as a person reads them: 42 s, 3 min 20 s, 5 h 02 min."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _headline(snapshot: Snapshot) -> str:
    waits = f"; {snapshot.waits}" if snapshot.waits else ""
    return (
        f"{snapshot.frames_done} of {snapshot.frames} frames, {_pace(snapshot.fps)}"
        f"{duration(snapshot.seconds_left)} left, {snapshot.scenes_done} of {snapshot.scenes} scenes done{waits}"
    )


def _pace(fps: float) -> str:
    """Path tracing takes many seconds a frame."""
    if fps <= 0.0:
        return ""
    return f"{fps:.1f} a second, " if fps >= 1.0 else f"{duration(1.0 / fps)} a frame, "


def _display(snapshot: Snapshot) -> Group:
    workers = Table.grid(padding=(0, 2))
    for name, doing in snapshot.workers:
        workers.add_row(Text(name, style="cyan"), Text(doing))
    bar = ProgressBar(total=max(snapshot.frames, 1), completed=snapshot.frames_done, width=60)
    return Group(bar, Text(_headline(snapshot)), workers)
