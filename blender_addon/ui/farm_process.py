"""The farm's command beside Blender: started, looked at now and then, never waited for. Needs no bpy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: How much of a log is read to say what went wrong, bytes.
_TAIL_BYTES = 20_000


class Detached:
    """A command that goes on when Blender ends; what it says goes to `log`."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        """OSError where it cannot be started or the log not be written."""
        self.log = log
        with open(log, "ab") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=_environment(), **_apart()
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()


class Watched:
    """A command whose lines of JSON are read as they come, by a thread; it ends with Blender."""

    def __init__(self, command: Sequence[str]) -> None:
        """OSError where it cannot be started."""
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(),
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        self._said: list[str] = []
        self._newest = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None or self._reader.is_alive()

    def newest(self) -> Any:
        """What its newest line holds, or, where it has ended, all that it said; None where that is no JSON."""
        for text in (self._newest, "" if self.is_running else "".join(self._said)):
            try:
                return json.loads(text)
            except ValueError:
                continue
        return None

    def close(self) -> None:
        """End it."""
        self._process.kill()  # it only looks
        self._process.wait()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                self._newest = line
                # An answer of one piece may have many lines; a watch has one a time, and goes on for hours.
                if not line.startswith("{") or not line.rstrip().endswith("}"):
                    self._said.append(line)


def last_lines(log: Path, most: int = 20) -> tuple[str, ...]:
    """The last lines of a log that say anything; none where it cannot be read."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - _TAIL_BYTES))  # noqa: PTH202 - of the file that is open
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line for line in text.splitlines() if line.strip())[-most:]


def problem_in(log: Path) -> str:
    """What went wrong, as the farm says it in one line at its end; "" where it said nothing."""
    said = last_lines(log)
    named = [line for line in said if line.startswith("Error: ")]
    return (named or [*said] or [""])[-1].removeprefix("Error: ").strip()


def _environment() -> dict[str, str]:
    """Blender's own, less what would make another Python take Blender's modules for its own."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}


def _apart() -> dict[str, Any]:
    """What keeps a process alive when the one that started it ends."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
