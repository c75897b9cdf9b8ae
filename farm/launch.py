"""How a worker is started: the command line and the environment of its process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset.reach import Reach

from .blender import WORKER, Blender

#: Blender's exit code for an exception that escaped the worker.
_PYTHON_FAILED = 3


@dataclass(frozen=True)
class Launch:
    """What a worker is started with: in which Blender, and how far it reaches."""

    blender: Blender
    reach: Reach

    def command(self, batch: str, events: Path) -> list[str]:
        """The command that does a batch: a file of requests, or "-" for standard input."""
        told = [*self.reach.options(), batch, "--events", str(events)]
        if self.blender.path is None:
            # -P: the add-on's own folder must not come to stand on the module's path.
            return [sys.executable, "-P", str(WORKER), *told]
        return [
            str(self.blender.path),
            "--background",
            "--factory-startup",
            "--disable-autoexec",
            "--python-exit-code",
            str(_PYTHON_FAILED),
            "--python",
            str(WORKER),
            "--",
            *told,
        ]
