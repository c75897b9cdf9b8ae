"""What runs inside Blender: reads a batch, does it, and reports events.

    blender -b --factory-startup --disable-autoexec --python worker.py -- BATCH --data DIR --out DIR
    python -m blender_addon.worker BATCH --data DIR --out DIR     (the bpy module instead of the application)

BATCH is a file of requests (see dataset/batch.py), or `-` for standard input. What the requests may touch is said by
the options alone (see dataset/reach.py). Events go to the file that `--events` names, else to BATCH.events.jsonl.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .dataset.reach import Reach

EXIT_FAILED = 1
EXIT_DRIVER_GONE = 4


class Events:
    """The event file: one JSON object a line, each line written and flushed whole."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open for the worker's whole life

    def tell(self, event: str, **facts: object) -> None:
        self._file.write(json.dumps({"event": event, "time": time.time(), **facts}) + "\n")
        self._file.flush()


class Feed:
    """Requests from a file or from standard input, read ahead by a thread.

    Standard input that breaks off means that the driver is gone: the process ends at once, whatever Blender does, for
    a render call may take hours. What is half-written has no final name.
    """

    def __init__(self, source: str) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        if source == "-":
            threading.Thread(target=self._read_stdin, daemon=True).start()
        else:
            for line in Path(source).read_text(encoding="utf-8").splitlines():
                self._lines.put(line)
            self._lines.put(None)

    def __iter__(self) -> Iterator[str]:
        while (line := self._lines.get()) is not None:
            if line.strip():
                yield line

    def _read_stdin(self) -> None:
        from .dataset import batch

        ended = False
        for line in sys.stdin:
            ended = batch.is_end(line)
            self._lines.put(line)
        if not ended:
            _end(EXIT_DRIVER_GONE)
        self._lines.put(None)


def main(arguments: list[str]) -> int:
    """Do a batch; returns the exit code: 0, or 1 if a request failed. Where its driver goes away it ends with 4."""
    from .dataset import batch
    from .dataset.errors import DatasetError
    from .scene.machine import Machine
    from .scene.studio import Studio

    options = _options(arguments)
    reach = _reach(options)
    events = Events(Path(options.events or f"{options.batch}.events.jsonl"))
    feed = Feed(options.batch)
    studio = Studio(events.tell, Machine(options.threads, options.gpu))
    failures = 0
    for line in feed:
        request: batch.Request | None = None
        try:
            request = batch.parse_line(line)
            if isinstance(request, batch.End):
                break
            reach.require(request)
            studio.do(request)
        except DatasetError as error:
            failures += 1
            print(f"{request.id}: {error}" if request else error, file=sys.stderr, flush=True)
            events.tell("failed", id=getattr(request, "id", ""), error=str(error), bad_input=True)
        except Exception as error:  # noqa: BLE001 - one request's accident must not end the others; it is reported
            failures += 1
            traceback.print_exc()
            events.tell(
                "failed", id=getattr(request, "id", ""), error=f"{type(error).__name__}: {error}", bad_input=False,
                traceback=traceback.format_exc(),
            )  # fmt: skip
    events.tell("end")
    return EXIT_FAILED if failures else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker.py", description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("batch", help="a file of requests, or - for standard input")
    for name, metavar, about in (
        ("data", "DIR", "where data sets may be read (else INTERACT_DATA)"),
        ("out", "DIR", "where results may be written (else where data sets may be read)"),
        ("template", "FILE", "a .blend file that may be opened, besides those in --data and --out"),
        ("assets", "DIR", "where the people's data may be read"),
    ):
        parser.add_argument(f"--{name}", action="append", default=[], metavar=metavar, help=f"{about}; repeatable")
    parser.add_argument("--events", help="where to write events")
    parser.add_argument("--threads", type=int, help="threads to render with")
    parser.add_argument("--gpu", action="store_true", help="say so where Cycles finds no graphics card")
    return parser.parse_args(arguments)


def _reach(options: argparse.Namespace) -> Reach:
    """What the command line allows, and the file that Blender was started with."""
    import bpy

    from .dataset.reach import Reach

    data = options.data or list(filter(None, [os.environ.get("INTERACT_DATA")]))
    places = {
        "data": data,
        "out": options.out or data,
        "template": [*options.template, *filter(None, [bpy.data.filepath])],
        "assets": options.assets,
    }
    return Reach(**{name: tuple(str(Path(path).absolute()) for path in paths) for name, paths in places.items()})


def _load_package() -> None:
    """Make the folder this file lies in importable as `blender_addon`, and nothing beside it.

    A site-packages folder on Blender's own path would bring another numpy into Blender.
    """
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "blender_addon", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules["blender_addon"] = module
    spec.loader.exec_module(module)


def run(arguments: list[str]) -> None:
    """Do a batch and end the process with its exit code, 2 where the arguments are wrong."""
    try:
        code = main(arguments)
    except SystemExit as ended:  # Blender itself would go on after it, and end well
        code = ended.code if isinstance(ended.code, int) else EXIT_FAILED
    _end(code)


def _end(code: int) -> None:
    """End the process at once, from any thread, and the temporary folders that Blender would remove at its own end.

    Not by sys.exit: Blender turns it into its own exit code, and the bpy module 4.5 can hang in its destructors.
    """
    import bpy

    from .dataset import batch

    # Blender's is all of the system's temporary folder where it could make none of its own.
    for folder, prefix in ((Path(bpy.app.tempdir), "blender_"), (Path(tempfile.gettempdir()), batch.SCRATCH)):
        if folder.name.startswith(prefix):
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    if not __package__:
        _load_package()
    importlib.import_module("blender_addon.worker").run(
        sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    )
