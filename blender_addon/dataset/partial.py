"""Names of files that are not whole yet."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

_BLEND = ".partial.blend"

#: What finds all of `blend_beside` in a folder.
BLEND_PATTERN = f"*{_BLEND}"


def beside(path: Path) -> Path:
    """What is written first and then renamed to `path`: `<name>.<host>-<process>.partial` in the same folder.

    Host and process keep two machines apart that share the folder, when one is taken for lost and still writes.
    """
    return path.with_name(f"{path.name}.{_host()}-{os.getpid()}.partial")


def blend_beside(path: Path) -> Path:
    """The same for a .blend file, whose name must end so in Blender."""
    return path.with_name(f"{path.stem}.{_host()}-{os.getpid()}{_BLEND}")


def is_of(path: Path, whole: Path) -> bool:
    """Whether a path is what some process wrote, or writes, to become `whole`."""
    return path.parent == whole.parent and bool(
        re.fullmatch(rf"{re.escape(whole.name)}(\.[A-Za-z0-9-]+)?\.partial", path.name, re.ASCII)
    )


def left_of(whole: Path) -> list[Path]:
    """All that processes write, or left when they were killed, to become `whole`."""
    folder = whole.parent
    return [path for path in folder.iterdir() if is_of(path, whole)] if folder.is_dir() else []


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname().partition(".")[0]) or "host"
