"""What a run's line says of its speed."""

import io

import pytest
from rich.console import Console

from farm.report.progress import ProgressView
from farm.snapshot import Snapshot


@pytest.mark.parametrize(
    ("done", "fps", "left", "says"),
    [
        (0, 0.0, None, "0 of 90 frames, ? left"),
        (3, 0.021, 4142.0, "3 of 90 frames, 48 s a frame, 1 h 09 min left"),
        (60, 7.25, 4.0, "60 of 90 frames, 7.2 a second, 4 s left"),
    ],
)
def test_a_slow_run_tells_seconds_a_frame(monkeypatch, done, fps, left, says):
    monkeypatch.setattr("farm.report.progress._LOG_SECONDS", 0.0)
    shown = io.StringIO()
    with ProgressView(Console(file=shown, width=200)) as progress:
        progress.show(Snapshot(done, 90, fps, left, 0, 1, ()))
    assert shown.getvalue().startswith(says)
