"""A Blender application in a window of its own, on an X server that nobody sees: what a user sees, driven by a script.

A script calls `in_window.play` with a generator: each `yield` gives control back to Blender for a moment, so that the
window draws, timers fire and operators go on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.blender import Blender

ROOT = Path(__file__).resolve().parent.parent.parent

#: What `interact-farm` runs.
_RUN = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from farm.cli import run; run()"


def require_application(blender: Blender) -> Path:
    """The application's path; the test is skipped for the bpy module, and where there is no X server."""
    if blender.path is None:
        pytest.skip("the bpy module has no window; --blender names an application")
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    return blender.path


def user_of(folder: Path) -> dict[str, str]:
    """The environment of a user with nothing but what lies in a folder: Blender keeps preferences and extensions there.

    No shader cache on the disk: two Blenders at a time have been seen to break it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "BLENDER_USER_RESOURCES": str(folder),
        "MESA_SHADER_CACHE_DISABLE": "true",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }


def run_in_window(application: Path, script: Path, facts: dict, user: dict[str, str], *, timeout: float = 240) -> dict:
    """Run a script in a window; returns what it told (`in_window.play`). AssertionError with Blender's output else."""
    folder = Path(user["BLENDER_USER_RESOURCES"])
    asked, told, pressed, output = (folder / name for name in ("asked.json", "told.json", "pressed", "output.txt"))
    asked.write_text(json.dumps(facts | {"pressed": str(pressed)}))
    told.unlink(missing_ok=True)
    start = [str(application), "--window-geometry", "0", "0", "1280", "800", "--python", str(script)]
    with display((1280, 800)) as screen, open(output, "w") as file:
        environment = user | {"DISPLAY": screen}
        blender = subprocess.Popen(
            [*start, "--", str(asked), str(told)], env=environment, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        until = time.monotonic() + timeout
        bridge = Bridge(folder.parent / "bridge")
        try:
            while blender.poll() is None and time.monotonic() < until:
                bridge.serve()
                if pressed.is_file():
                    _press(pressed.read_text(), environment)
                    pressed.unlink()
                time.sleep(0.02)
        finally:
            blender.kill()
            blender.wait()
            bridge.close()
    said = output.read_text(errors="replace")[-6000:]
    assert told.is_file(), f"exit code {blender.returncode}\n{said}"
    answer = json.loads(told.read_text())
    assert "error" not in answer, f"{answer.get('error')}\n{said}"
    return answer


def _press(key: str, environment: dict[str, str]) -> None:
    """A key as a user presses it, with the pointer in the window."""
    for words in (["mousemove", "400", "400"], ["key", key]):
        subprocess.run(["xdotool", *words], env=environment, check=True, timeout=10)


def launcher(folder: Path) -> Path:
    """The program `interact-farm` of this checkout, for a Blender that knows nothing of this Python.

    A Blender that was put into a root of its own does not even see it: `Bridge` runs the command for it then.
    """
    path = folder / "interact-farm"
    (folder / "bridge").mkdir()
    path.write_text(
        f"""#!/bin/sh
[ -x {sys.executable} ] && exec {sys.executable} -c "{_RUN}" "$@"
d=$(mktemp -d {folder}/bridge/XXXXXX)
mkfifo "$d/out" "$d/err"
for word; do printf '%s\\n' "$word"; done > "$d/words.partial"
mv "$d/words.partial" "$d/words"
cat "$d/err" >&2 &
cat "$d/out"
wait
while [ ! -f "$d/code" ]; do sleep 0.05; done
exit "$(cat "$d/code")"
"""
    )
    path.chmod(0o755)
    return path


class Bridge:
    """Runs the commands that `launcher` hands over, as long as it lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[Path, subprocess.Popen | None] = {}

    def serve(self) -> None:
        """Take what is new."""
        for asked in self._folder.glob("*/words"):
            if asked not in self._running:
                self._running[asked] = None
                threading.Thread(target=self._run, args=(asked,), daemon=True).start()

    def close(self) -> None:
        for process in self._running.values():
            if process is not None:
                process.kill()

    def _run(self, asked: Path) -> None:
        command = [sys.executable, "-c", _RUN, *asked.read_text().splitlines()]
        with open(asked.with_name("out"), "wb") as out, open(asked.with_name("err"), "wb") as err:
            process = self._running[asked] = subprocess.Popen(command, stdout=out, stderr=err)
        asked.with_name("code").write_text(str(process.wait()))


@contextmanager
def display(size: tuple[int, int]) -> Iterator[str]:
    """A new X server's display with a screen of so many pixels, ended again."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"],
        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
