"""Running the ffmpeg program, from an argument list, and telling why it failed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import FarmError

#: Lines of ffmpeg's that follow from a failure and do not tell why.
_EPILOGUE = (
    "Conversion failed",
    "Error initializing output stream",
    "Error opening input files",
    "Error opening output",
    "Error sending frames",
    "Last message repeated",
    "Nothing was written",
    "Task finished",
    "Terminating thread",
)


def run(arguments: Sequence[str], out: Path, check: str) -> str:
    """Run ffmpeg, which writes `out`; returns what it wrote to its standard error.

    FarmError where it fails; check: what a user should look at then.
    """
    done = subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        why = reason(done.stderr) or f"exit status {done.returncode}"
        raise FarmError(f"{out}: ffmpeg could not write it ({why}); check {check}")
    return done.stderr


def reason(log: str) -> str:
    """The first and the last line of `log` that tell why ffmpeg failed: mostly the cause and what came of it."""
    lines = [re.sub(r"^(\[[^\]]* @ 0x[0-9a-f]+\] *)+", "", line.strip()) for line in log.splitlines()]
    telling = [line for line in lines if line and not line.startswith(_EPILOGUE)]
    return "; ".join(dict.fromkeys(telling[:1] + telling[-1:]))
