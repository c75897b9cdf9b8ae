"""The folder that a made data set is written to, and how its files get there."""

from __future__ import annotations

import os
from pathlib import Path

from blender_addon.dataset.layout import FOLDERS
from farm.errors import FarmError

#: Marks the folder as ours from the start, so that an interrupted making can be done again, and at the end lists every
#: file that was made, so that making the data set anew can take away what it no longer has.
MARKER = "made-by-interact-farm.txt"

_FIRST_LINE = "A data set made by interact-farm; these files are rewritten, or removed, when it is made again:"


def prepare_folder(root: Path) -> frozenset[str]:
    """Make the folders; returns the files made here before, as paths below `root`.

    Raises FarmError where `root` holds files and is no made data set, so that nobody's data is overwritten.
    """
    made = _made_before(root)
    try:
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        if not (root / MARKER).is_file():
            write_whole(root / MARKER, f"{_FIRST_LINE}\n".encode())
    except OSError as error:
        raise FarmError(f"{root}: the data set's folders cannot be made there ({error.strerror})") from error
    return made


def finish_folder(root: Path, made: list[str], before: frozenset[str]) -> None:
    """Remove files made before and not again, and write the marker."""
    for name in sorted(before - set(made)):
        (root / name).unlink(missing_ok=True)
    write_whole(root / MARKER, "".join(f"{line}\n" for line in (_FIRST_LINE, *sorted(made))).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(path.name + ".partial")
    beside.write_bytes(content)
    os.replace(beside, path)


def _made_before(root: Path) -> frozenset[str]:
    if not root.exists():
        return frozenset()
    if not root.is_dir():
        raise FarmError(f"{root}: is a file; name a new or empty folder for the made data set")
    marker = root / MARKER
    if not marker.is_file():
        if any(root.iterdir()):
            raise FarmError(
                f"{root}: holds files and no {MARKER}, so it is no made data set; name a new or empty folder"
            )
        return frozenset()
    names = marker.read_text(encoding="utf-8").splitlines()[1:]
    # The marker is a text that anyone can edit: only names of a made file's form are ever removed.
    return frozenset(name for name in names if _is_ours(name))


def _is_ours(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    known = folder == "" or folder.removeprefix("lip_acc/") in FOLDERS
    return known and file not in ("", ".", "..") and "\\" not in file
