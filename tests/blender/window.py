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
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.blender import Blender

ROOT = Path(__file__).resolve().parent.parent.parent

#: Where the extension is when it was installed from its zip.
EXTENSION = "bl_ext.user_default.interact_farm"


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
    with _display() as display, open(output, "w") as file:
        environment = user | {"DISPLAY": display}
        blender = subprocess.Popen(
            [*start, "--", str(asked), str(told)], env=environment, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        until = time.monotonic() + timeout
        try:
            while blender.poll() is None and time.monotonic() < until:
                if pressed.is_file():
                    _press(pressed.read_text(), environment)
                    pressed.unlink()
                time.sleep(0.02)
        finally:
            blender.kill()
            blender.wait()
    said = output.read_text(errors="replace")[-6000:]
    assert told.is_file(), f"exit code {blender.returncode}\n{said}"
    answer = json.loads(told.read_text())
    assert "error" not in answer, f"{answer.get('error')}\n{said}"
    return answer


def _press(key: str, environment: dict[str, str]) -> None:
    """A key as a user presses it, with the pointer in the window: Blender's render job hears no simulated one."""
    for words in (["mousemove", "400", "400"], ["key", key]):
        subprocess.run(["xdotool", *words], env=environment, check=True, timeout=10)


def launcher(folder: Path) -> Path:
    """The program `interact-farm` of this checkout, to be found by a Blender that knows nothing of this Python."""
    path = folder / "interact-farm"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from farm.cli import run; run()"
    # A Blender that was put into a root of its own does not see this Python; the machine's first process does.
    path.write_text(
        f"#!/bin/sh\n[ -x {sys.executable} ] || set -- chroot /proc/1/root {sys.executable} -c \"{code}\" \"$@\"\n"
        f"[ \"$1\" = chroot ] || set -- {sys.executable} -c \"{code}\" \"$@\"\nexec \"$@\"\n"
    )  # fmt: skip
    path.chmod(0o755)
    return path


@contextmanager
def _display() -> Iterator[str]:
    """A new X server's display, ended again."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
