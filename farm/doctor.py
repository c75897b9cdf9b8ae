"""What this machine can do: which Blender, which engines really render, ffmpeg, missing libraries, disk space."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset import batch, presets
from blender_addon.dataset.errors import DatasetError

from . import assets, video
from . import blender as blenders
from .errors import FarmError
from .executors.local import do_one

ENGINES = ("workbench", "eevee", "cycles")

#: What the bpy wheel loads that a bare Debian or Ubuntu lacks: {library: package}.
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libgomp.so.1": "libgomp1",
    "libxkbcommon.so.0": "libxkbcommon0",
}

#: Less room than this is worth a word: one minute of 1080p video with its chunks, bytes.
_LITTLE_ROOM = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: good or not, what was found, and what to do. `needed` ones decide the verdict."""

    name: str
    good: bool
    found: str
    advice: str = ""
    needed: bool = True


def examine(folder: Path, blender: Path | None = None) -> list[Finding]:
    """Look at everything that rendering into `folder` needs; each engine renders a small picture."""
    findings = [
        Finding("Python", True, f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"),
        *_libraries(),
    ]
    try:
        found = blenders.find(blender)
    except FarmError as error:
        findings.append(Finding("Blender", False, "none", str(error)))
    else:
        findings.append(Finding("Blender", True, str(found)))
        engines = _engines(found)
        findings += engines
        if not any(engine.good for engine in engines):
            findings.append(Finding("rendering", False, "no engine renders here", engines[0].advice))
    findings += [_ffmpeg(), _people(), _presets(), _room(folder)]
    return findings


def can_render(findings: list[Finding]) -> bool:
    """Whether everything that is needed was found."""
    return all(finding.good for finding in findings if finding.needed)


def missing_libraries(binary: Path) -> list[str]:
    """Shared libraries that the loader does not find for a program or module, by `ldd`; Linux only."""
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    done = subprocess.run([ldd, str(binary)], capture_output=True, text=True, check=False)
    return re.findall(r"^\s*(\S+) => not found", done.stdout, re.MULTILINE)


def install_line(libraries: list[str]) -> str:
    """The command that installs missing libraries on Debian or Ubuntu, and names what has no known package."""
    packages = sorted({DEBIAN_PACKAGES[library] for library in libraries if library in DEBIAN_PACKAGES})
    unknown = [library for library in libraries if library not in DEBIAN_PACKAGES]
    parts = [f"apt-get install -y {' '.join(packages)}"] if packages else []
    parts += [f"install the package that has {', '.join(unknown)}"] if unknown else []
    return "; ".join(parts)


def _libraries() -> list[Finding]:
    if blenders.module_version() is None or not sys.platform.startswith("linux"):
        return []
    spec = importlib.util.find_spec("bpy")
    missing = missing_libraries(Path(spec.origin).with_name("__init__.so")) if spec and spec.origin else []
    # The graphics library is loaded at run time, so the loader does not miss it.
    if not missing and not _loads("libEGL.so.1"):
        missing = ["libEGL.so.1"]
    if not missing:
        return [Finding("libraries", True, "all that the bpy module loads")]
    return [Finding("libraries", False, f"missing: {', '.join(missing)}", install_line(missing))]


def _loads(library: str) -> bool:
    code = f"import ctypes; ctypes.CDLL({library!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def _engines(found: blenders.Blender) -> list[Finding]:
    findings = []
    with tempfile.TemporaryDirectory(prefix="interact-farm-doctor-") as name:
        folder = Path(name)
        for engine in ENGINES:
            request = batch.TryEngine(engine, engine, str(folder / f"{engine}.png"))
            try:
                event = do_one(found, request, timeout=180)
            except FarmError as error:
                why = str(error).split("; see ")[0]
                findings.append(Finding(engine, False, "does not render here", why, needed=False))
            else:
                slow = "" if engine == "workbench" else " (slow)"
                with_gpu = "on a GPU" if event["gpu"] else f"without a GPU{slow}"
                findings.append(Finding(engine, True, f"renders {with_gpu}", needed=False))
    return findings


def _ffmpeg() -> Finding:
    try:
        binary = video.ffmpeg_binary()
        done = subprocess.run([binary, "-version"], capture_output=True, text=True, check=True)
    except (FarmError, OSError, subprocess.CalledProcessError) as error:
        return Finding("ffmpeg", False, "does not run", str(error))
    version = done.stdout.splitlines()[0].removeprefix("ffmpeg version ").split(" Copyright")[0]
    return Finding("ffmpeg", True, f"{version} ({binary})")


def _people() -> Finding:
    found = assets.there()
    if found:
        return Finding("people", True, f"their data are in {found}", needed=False)
    advice = "`interact-farm template fetch` gets them; without, the built-in actors are mannequins"
    return Finding("people", False, "their data have not been fetched", advice, needed=False)


def _presets() -> Finding:
    try:
        known = len(presets.known())
    except DatasetError as error:
        return Finding("presets", False, "one of yours cannot be read", str(error))
    own = len(presets.own_files())
    yours = f", {own} of them by files of yours in {presets.user_folder()}" if own else ""
    return Finding("presets", True, f"the bones of {known} kinds of rigs are known{yours}", needed=False)


def _room(folder: Path) -> Finding:
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 1024**3:.1f} GB free in {there}"
    if free < _LITTLE_ROOM:
        return Finding("disk", free > 256 * 1024**2, text, "free some space, or render to another disk with --out")
    return Finding("disk", True, text)
