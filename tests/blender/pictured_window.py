"""Blender in a real window on a screen of its own, which is pictured when the script inside asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from .window import display

SIZE = (1600, 1000)

#: The programs of Debian's `xvfb` and `imagemagick`.
NEEDED = ("Xvfb", "import")


def missing() -> list[str]:
    """The programs that a window needs and that are not here."""
    return [program for program in NEEDED if shutil.which(program) is None]


def run(blender: Path, template: Path, script: Path, arguments: list[object], folder: Path, timeout: float) -> str:
    """Open a template in a window and run a script in it; returns what Blender printed.

    Where the script makes FOLDER/NAME.wanted, a picture of the screen goes to FOLDER/NAME.
    """
    with display(SIZE) as screen:
        environment = {**os.environ, "DISPLAY": screen, "MESA_SHADER_CACHE_DISABLE": "true"}
        command = [
            str(blender), "--factory-startup", "--disable-autoexec", "--enable-event-simulate", "--no-window-focus",
            "--window-geometry", "0", "0", *map(str, SIZE), str(template), "--python", str(script), "--",
            *map(str, arguments),
        ]  # fmt: skip
        log = folder / "window.log"
        end = time.monotonic() + timeout
        with open(log, "wb") as output:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
            try:
                while process.poll() is None and time.monotonic() < end:
                    for wanted in folder.glob("*.wanted"):
                        picture = wanted.with_suffix("")
                        subprocess.run(["import", "-window", "root", str(picture)], env=environment, check=True)
                        wanted.unlink()
                    time.sleep(0.05)
            finally:
                process.kill()
                process.wait()
    return log.read_text(errors="replace")
