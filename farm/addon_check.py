"""Whether a zip is the extension, whole and fit for every Blender: by its files, and by what Blender says of it."""

from __future__ import annotations

import ast
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from . import __version__
from .addon import MANIFEST, extension_command, manifest
from .blender import OLDEST, Blender
from .errors import FarmError

#: Larger than the extension can sensibly be, bytes unpacked: what is more is another zip.
_MOST_BYTES = 100_000_000

#: What every Blender brings, beside Python's own.
_BLENDERS_OWN = frozenset({"_cycles", "bl_math", "blf", "bpy", "bpy_extras", "gpu", "gpu_extras", "mathutils", "numpy"})


def problems(package: Path | str) -> tuple[str, ...]:
    """What is wrong with a zip of the extension, a sentence each; FarmError where it is no zip with a manifest."""
    try:
        with zipfile.ZipFile(package) as file:
            names = file.namelist()
            if sum(entry.file_size for entry in file.infolist()) > _MOST_BYTES:
                raise FarmError(f"{package}: is larger than the extension; it is another zip")
            if MANIFEST not in names:
                raise FarmError(f"{package}: has no {MANIFEST} at its top; `interact-farm addon build` makes the zip")
            about = manifest(file.read(MANIFEST).decode("utf-8", "replace"))
            sources = {name: file.read(name) for name in names if name.endswith(".py")}
    except (OSError, zipfile.BadZipFile) as error:
        raise FarmError(f"{package}: is no readable zip ({error})") from error
    found = []
    if about["version"] != __version__:
        found.append(f"{MANIFEST}: version {about['version']}, but this program is {__version__}")
    oldest = ".".join(map(str, (*OLDEST, 0)))
    if about.get("blender_version_min") != oldest:
        found.append(f"{MANIFEST}: blender_version_min is {about.get('blender_version_min')}, not {oldest}")
    found += [f"{name}: does not belong in the extension" for name in names if _is_foreign(name)]
    for name, source in sources.items():
        found += imports(name, source)
    return tuple(found)


def imports(name: str, source: bytes) -> Iterator[str]:
    """What a module of the extension imports that it must not, a sentence each.

    As an extension the package is called `bl_ext.<repository>.interact_farm`: it finds its own modules by relative
    imports alone, and beside them Python's, Blender's and numpy.
    """
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError) as error:
        yield f"{name}: is no Python ({error})"
        return
    depth = len(PurePosixPath(name).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level > depth:
            yield f"{name}: line {node.lineno} imports from outside the extension"
        elif isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for module in named:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in _BLENDERS_OWN:
                    yield f"{name}: line {node.lineno} imports {module}, which Blender has not"


def blenders_opinion(package: Path | str, blender: Blender) -> str:
    """What Blender's own `extension validate` says of a zip; FarmError where it refuses it or warns."""
    told = extension_command(blender, "validate", str(Path(package).absolute()))
    if re.search(r"^WARN", told, re.MULTILINE):  # Blender's own log begins its lines with the time
        raise FarmError(f"{blender}: `extension validate` warns: {told}")
    return told


def _is_foreign(name: str) -> bool:
    path = PurePosixPath(name)
    strange = path.is_absolute() or "\\" in name or any(part == ".." or part.startswith(".") for part in path.parts)
    return strange or "__pycache__" in path.parts or "tests" in path.parts or path.suffix in (".pyc", ".partial")
