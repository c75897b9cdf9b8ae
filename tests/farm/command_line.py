"""The command line as a user starts it."""

from __future__ import annotations

import subprocess
import sys

_START = [sys.executable, "-c", "from farm.cli import run; run()"]


def command(*arguments: object) -> list[str]:
    """What starts a command."""
    return [*_START, *map(str, arguments)]


def interact_farm(*arguments: object, **options) -> subprocess.CompletedProcess:
    """Run a command to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=300, check=False, **options)


def start_farm(*arguments: object) -> subprocess.Popen:
    """Start a command and go on."""
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
