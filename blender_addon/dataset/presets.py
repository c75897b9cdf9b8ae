"""Which mapping presets there are, and which of them a rig is of.

A preset lies in this package (`presets/`), in the user's own folder (`user_folder`) or in `presets/` beside the
template; of those with one name the last wins. What a file says: see `preset_file`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from .preset import Preset
from .preset_file import read

#: The preset of the capture's own joints.
CAPTURE = "InterAct"

#: The folder beside a template in which its presets lie.
FOLDER = "presets"

#: The user's own folder where he wants it elsewhere.
VARIABLE = "INTERACT_PRESETS"


def detect(presets: Iterable[Preset], names: Sequence[str], parents: Sequence[int]) -> Preset | None:
    """The preset that a rig is of: of those whose marks hold the one that finds most bones, then the one that asks for
    most, then the first."""
    best, most = None, (0, 0)
    for preset in presets:
        detail = preset.detail(names)
        rank = (len(preset.find(names, parents)), detail) if detail else (0, 0)
        if rank > most and rank[0]:
            best, most = preset, rank
    return best


def known(template: Path | None = None) -> tuple[Preset, ...]:
    """All presets for a template: those beside it, the user's, and the built-in ones; of one name the first."""
    found: dict[str, Preset] = {}
    for preset in (*map(read, own_files(template)), *builtin()):
        found.setdefault(preset.name, preset)
    return tuple(found.values())


def own_files(template: Path | None = None) -> tuple[Path, ...]:
    """The files of presets beside a template, then those of the user."""
    folders = [template.parent / FOLDER] if template else []
    return tuple(path for folder in (*folders, user_folder()) for path in _files(folder))


@lru_cache(maxsize=1)
def builtin() -> tuple[Preset, ...]:
    """The presets that come with this program, by the names of their files."""
    return tuple(read(path) for path in _files(Path(__file__).parent / FOLDER))


def user_folder() -> Path:
    """Where the user's own presets lie: what INTERACT_PRESETS says, else `interact-farm/presets` in his settings."""
    if told := os.environ.get(VARIABLE):
        return Path(told).expanduser()
    if sys.platform == "win32":
        settings = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        settings = Path.home() / "Library" / "Application Support"
    else:
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return settings / "interact-farm" / FOLDER


def named(presets: Iterable[Preset], name: str) -> Preset | None:
    """The preset of a name."""
    return next((preset for preset in presets if preset.name == name), None)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.toml") if path.is_file()) if folder.is_dir() else []
