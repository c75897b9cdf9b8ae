"""How a worker is started: the command line and the environment of its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from blender_addon.dataset.reach import Reach

from .blender import WORKER, Blender

#: Blender's exit code for an exception that escaped the worker.
_PYTHON_FAILED = 3


@dataclass(frozen=True)
class Launch:
    """What a worker is started with: in which Blender, and how far it reaches.

    threads: of the processor, None for as many as the template says; gpus: the graphics cards that it shares with the
    machine's other workers, as nvidia-smi or rocm-smi counts them, none for none in particular; gpu: its own of them.
    """

    blender: Blender
    reach: Reach
    threads: int | None = None
    gpus: tuple[int, ...] = ()
    gpu: int | None = None

    def beside(self, others: Iterable[Launch]) -> Launch:
        """With the graphics card that the fewest of the machine's other workers have, the first of those."""
        taken = [other.gpu for other in others]
        return replace(self, gpu=min(self.gpus, key=taken.count, default=None))

    def command(self, batch: str, events: Path) -> list[str]:
        """The command that does a batch: a file of requests, or "-" for standard input."""
        threads = ["--threads", str(self.threads)] if self.threads is not None else []
        gpu = ["--gpu"] if self.gpu is not None else []
        told = [*self.reach.options(), *threads, *gpu, batch, "--events", str(events)]
        if self.blender.path is None:
            # -P: the add-on's own folder must not come to stand on the module's path.
            return [sys.executable, "-P", str(WORKER), *told]
        return [
            str(self.blender.path),
            "--background",
            *threads,  # Blender's own: compositor and simulations too
            "--factory-startup",
            "--disable-autoexec",
            "--python-exit-code",
            str(_PYTHON_FAILED),
            "--python",
            str(WORKER),
            "--",
            *told,
        ]

    def environment(self) -> dict[str, str]:
        """What the worker's process is told beside what it inherits."""
        told = {}
        if self.threads is not None:
            # Where there is no graphics card, Mesa draws with threads of its own.
            told["LP_NUM_THREADS"] = os.environ.get("LP_NUM_THREADS", str(self.threads))
        if self.gpu is not None:
            told |= dict.fromkeys(("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"), str(self.gpu))
            # CUDA's own order is by speed.
            told["CUDA_DEVICE_ORDER"] = os.environ.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        return told
