"""The Blender extension as one zip: which files belong in it, how it is packed, and how Blender gets it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from . import blender as blenders
from .blender import WORKER, Blender
from .errors import FarmError
from .video import whole_file

#: The package that the extension is made of.
SOURCE = WORKER.parent

MANIFEST = "blender_manifest.toml"
LICENSE = "LICENSE"

#: Of the package, but the farm's alone: nothing in Blender's window needs it.
_NOT_NEEDED = frozenset({WORKER.name})

#: Blender's repository of what the user brings himself.
REPOSITORY = "user_default"

#: The time of every file in the zip: the earliest that the format has, so that the same sources give the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)

#: An installation starts a whole Blender, which may be the first start on a machine.
_PATIENCE_SECONDS = 300


def manifest(text: str) -> dict[str, Any]:
    """A manifest read; FarmError where it is no TOML or has no id or version that can name a file."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FarmError(f"{MANIFEST}: cannot be read ({error})") from error
    for name in ("id", "version"):
        if not isinstance(read.get(name), str) or not read[name].replace("_", "").replace(".", "").isalnum():
            raise FarmError(f"{MANIFEST}: its {name} is {read.get(name)!r}, which names nothing")
    return read


def files() -> dict[str, Path]:
    """What the extension consists of: {its name in the zip: where it lies}, sorted by name."""
    found = {
        path.relative_to(SOURCE).as_posix(): path
        for path in SOURCE.rglob("*")
        if path.is_file() and not any(_is_by_product(part) for part in path.relative_to(SOURCE).parts)
    }
    found[LICENSE] = _licence()
    return {name: found[name] for name in sorted(found) if name not in _NOT_NEEDED}


def build(folder: Path | str, blender: Blender | None = None) -> Path:
    """Write `<id>-<version>.zip` into a folder; the same bytes from the same sources, whoever has packed it.

    blender: an application whose own `extension build` looks at the sources and chooses of them; without it they are
    packed as they are. FarmError where Blender refuses them, or the folder cannot be written to.
    """
    about = manifest((SOURCE / MANIFEST).read_text(encoding="utf-8"))
    target = Path(folder).absolute() / f"{about['id']}-{about['version']}.zip"
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as scratch:
        entries = {name: path.read_bytes() for name, path in files().items()}
        if blender is not None and blender.path is not None:
            entries = _chosen_by_blender(blender, entries, Path(scratch))
        with whole_file(target) as partial:
            _pack(entries, partial)
    return target


def install(package: Path | str, blender: Blender) -> str:
    """Install a zip of the extension into a Blender application and enable it; returns what Blender said.

    One that is there already is replaced. The user's preferences are kept: Blender adds the extension to them.
    """
    if blender.path is None:
        raise FarmError(f"{blender} has no window to show the extension in; name a Blender application with --blender")
    return extension_command(blender, "install-file", "--repo", REPOSITORY, "--enable", str(Path(package).absolute()))


def application(choice: Path | str | None = None) -> Blender | None:
    """The Blender application that is named or found; None where there is but the bpy module, or nothing."""
    if choice is None and not os.environ.get("INTERACT_BLENDER") and shutil.which("blender") is None:
        return None
    found = blenders.find(choice)
    return found if found.path else None


def extension_command(blender: Blender, *arguments: str) -> str:
    """Run one of Blender's own commands for extensions; returns what it said, FarmError where it failed."""
    # No --factory-startup: Blender would save the factory's preferences over the user's.
    command = [str(blender.path), "--command", "extension", *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=_PATIENCE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FarmError(f"{blender}: its command for extensions does not run ({error})") from error
    told = done.stdout.strip()
    if done.returncode:
        raise FarmError(f"{blender}: `extension {arguments[0]}` failed: {told or f'exit code {done.returncode}'}")
    return told


def _chosen_by_blender(blender: Blender, entries: dict[str, bytes], scratch: Path) -> dict[str, bytes]:
    """What Blender's own build puts into its zip of these files."""
    source, packed = scratch / "source", scratch / "packed.zip"
    for name, content in entries.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    extension_command(blender, "build", "--source-dir", str(source), "--output-filepath", str(packed))
    with zipfile.ZipFile(packed) as file:
        return {name: file.read(name) for name in sorted(file.namelist()) if not name.endswith("/")}


def _pack(entries: dict[str, bytes], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: else each system writes its own number
            entry.external_attr = 0o100644 << 16
            file.writestr(entry, content)


def _licence() -> Path:
    """The licence's text: in a checkout beside the package, else among what an installation keeps of its wheel."""
    if (SOURCE.parent / LICENSE).is_file():
        return SOURCE.parent / LICENSE
    for file in importlib.metadata.files("interact-farm") or ():
        if file.name == LICENSE:
            return Path(str(file.locate()))
    raise FarmError(f"{SOURCE.parent / LICENSE}: no such file; the extension is not given away without its licence")


def _is_by_product(part: str) -> bool:
    return part == "__pycache__" or part.startswith(".") or part.endswith((".pyc", ".partial"))
