"""Which Blender renders: the application or the bpy module."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import FarmError

OLDEST = (4, 2)
WORKER = Path(__file__).resolve().parent.parent / "blender_addon" / "worker.py"


@dataclass(frozen=True)
class Blender:
    """A Blender to render with: the application at `path`, or this Python's bpy module where `path` is None."""

    path: Path | None
    version: str

    def __str__(self) -> str:
        return f"Blender {self.version} ({self.path})" if self.path else f"the bpy module {self.version}"


def find(choice: Path | str | None = None) -> Blender:
    """The Blender to use: `choice`, else INTERACT_BLENDER, else a `blender` on PATH, else the bpy module.

    One on PATH that is too old is passed over; one that was named and cannot be used raises FarmError.
    """
    if choice:
        return _application(Path(choice), "--blender")
    if os.environ.get("INTERACT_BLENDER"):
        return _application(Path(os.environ["INTERACT_BLENDER"]), "INTERACT_BLENDER")
    on_path = shutil.which("blender")
    if on_path:
        try:
            return _application(Path(on_path), "PATH")
        except FarmError:
            module = module_version()
            if module is None:
                raise
            return Blender(None, module)
    module = module_version()
    if module is None:
        raise FarmError(
            "no Blender found: install Blender 4.2 or newer and name it with --blender, "
            "or install the bpy module (pip install 'interact-farm[render]')"
        )
    return Blender(None, module)


def module_version() -> str | None:
    """The version of the bpy wheel in this Python, without importing it; None where there is none."""
    try:
        return importlib.metadata.version("bpy")
    except importlib.metadata.PackageNotFoundError:
        return None


def _application(path: Path, source: str) -> Blender:
    # A relative path is one of the current folder; only a bare name that is none is looked up on PATH.
    found = shutil.which(path.absolute() if path.is_file() else path)
    if found is None:
        raise FarmError(f"{path}: no such Blender, or not a program; {source} must name the blender executable")
    try:
        done = subprocess.run(
            [found, "--version"], capture_output=True, text=True, errors="replace", timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FarmError(f"{path}: does not start ({error})") from error
    version = re.search(r"Blender (\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    if not version:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise FarmError(f"{path}: does not say which Blender it is ({said[0]})")
    if (int(version[1]), int(version[2])) < OLDEST:
        raise FarmError(f"{path}: is {version[0]}; 4.2 or newer is needed")
    return Blender(Path(found).absolute(), version[0].removeprefix("Blender "))
