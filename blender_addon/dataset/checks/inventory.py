"""Which files a copy has: one look at each folder, names taken apart, nothing opened."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import layout
from ..naming import NamingError, PerformanceId
from . import findings
from .findings import Code, Finding

#: What systems leave in every folder.
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}
_ARCHIVE = re.compile(
    r"(?P<stem>[a-z_]+?)(?:[-_. ]?(?:part)?[-_. ]?\d+)?\.(?:zip|7z|rar|tar|tgz|tar\.gz|tar\.xz)", re.I
)


@dataclass(frozen=True)
class Kind:
    """A folder of one file a performance. missing: the code for one that is not there."""

    folder: str
    suffix: str
    missing: Code


RETARGETED = Kind("bvhs_retarget", ".bvh", findings.NO_RETARGETED)
RAW = Kind("bvhs", ".bvh", findings.NO_RAW)
ARKIT = Kind("face_arkit", ".npy", findings.NO_ARKIT)
ICT = Kind("face_ict", ".npy", findings.NO_ICT)
VOICE = Kind("wav", ".wav", findings.NO_WAV)
KINDS = (RETARGETED, RAW, ARKIT, ICT, VOICE)


@dataclass(frozen=True)
class File:
    """One performance's file of a kind; name: below the root, with slashes."""

    kind: Kind
    performance: PerformanceId
    path: Path
    name: str
    size: int


@dataclass(frozen=True)
class Inventory:
    """What there is of the scenes or of a subset: files by kind and performance, and what is wrong with that.

    absent: kinds of which nothing is there, so that no single file of them is missed.
    """

    files: dict[Kind, dict[PerformanceId, File]]
    found: list[Finding] = field(default_factory=list)
    absent: frozenset[Kind] = frozenset()

    @property
    def all_files(self) -> list[File]:
        return [file for files in self.files.values() for file in files.values()]

    @property
    def performances(self) -> set[PerformanceId]:
        return {performance for files in self.files.values() for performance in files}


def take(root: Path, subset: str = "") -> Inventory:
    """Look at the folders of all kinds under the root, or under the subset's folder, where loose files count too."""
    base = f"{subset}/" if subset else ""
    kinds = [kind for kind in KINDS if not subset or kind.suffix != ".bvh"]
    taken = Inventory({kind: {} for kind in kinds})
    absent = set()
    top = _entries(root / base, base.rstrip("/") or ".", taken.found)
    archives = {match["stem"].lower(): e.name for e in top if (match := _ARCHIVE.fullmatch(e.name))}
    for kind in kinds:
        folder = f"{base}{kind.folder}"
        entries = _entries(root / folder, folder, taken.found)
        packed = next((f"{folder}/{e.name}" for e in entries if _ARCHIVE.fullmatch(e.name)), "")
        if kind.folder in archives:
            packed = f"{base}{archives[kind.folder]}"
        _sort(kind, folder, entries, taken, packed)
        if not taken.files[kind] and not any(f.file.startswith(f"{folder}/") for f in taken.found):
            absent.add(kind)
            if packed:
                taken.found.append(Finding(findings.ZIPPED, packed, f"is not unpacked: {folder}/ has no files"))
            elif not subset:  # how its folder is laid out is not published
                taken.found.append(Finding(findings.KIND_ABSENT, f"{folder}/", "is absent or has no files"))
    if subset:
        _take_loose(base, top, taken)
    return Inventory(taken.files, taken.found, frozenset(absent))


def _take_loose(base: str, entries: Sequence[os.DirEntry[str]], taken: Inventory) -> None:
    """Weights, whose shape alone would tell their kind, count as ICT's, as Dataset has it."""
    for kind in (ICT, VOICE):
        for entry in entries:
            performance = _performance(entry.name, kind)
            if performance and performance not in taken.files[kind] and entry.is_file():
                taken.files[kind][performance] = File(
                    kind, performance, Path(entry.path), f"{base}{entry.name}", entry.stat().st_size
                )


def _sort(kind: Kind, folder: str, entries: Sequence[os.DirEntry[str]], taken: Inventory, packed: str) -> None:
    # In lower case first: x.BVH beside x.bvh is the one too many.
    for entry in sorted(entries, key=lambda e: (not e.name.endswith(kind.suffix), e.name)):
        name = f"{folder}/{entry.name}"
        performance = _performance(entry.name, kind)
        if entry.name.lower() in _LITTER or name == packed:
            continue
        if performance is None or performance in taken.files[kind]:
            wanted = f"<date>_<actor>_<scenario>{kind.suffix}"
            taken.found.append(Finding(findings.STRAY, name, f"has a name that no file here has: {wanted}"))
            continue
        try:
            size = entry.stat().st_size
            if not entry.is_file():
                raise IsADirectoryError(0, "is no file")
        except OSError as error:
            taken.found.append(Finding(findings.UNREADABLE, name, f"cannot be read ({error.strerror})"))
            size = -1
        if size == 0:
            taken.found.append(Finding(findings.EMPTY, name, "has no bytes"))
        if not entry.name.endswith(kind.suffix):
            text = f"is not found by its name; its extension must be {kind.suffix}"
            taken.found.append(Finding(findings.EXTENSION, name, text))
        taken.files[kind][performance] = File(kind, performance, Path(entry.path), name, size)


def _performance(name: str, kind: Kind) -> PerformanceId | None:
    stem, dot, suffix = name.rpartition(".")
    try:
        return PerformanceId.parse(stem) if (dot + suffix).lower() == kind.suffix else None
    except NamingError:
        return None


def _entries(folder: Path, name: str, found: list[Finding]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        found.append(Finding(findings.UNREADABLE, f"{name}/", f"cannot be listed ({error.strerror})"))
        return []


def has_archives(root: Path) -> bool:
    """Whether a folder of any kind lies in `root` as an archive."""
    folders = {kind.folder for kind in KINDS}
    return any(
        (match := _ARCHIVE.fullmatch(e.name)) and match["stem"].lower() in folders for e in _entries(root, ".", [])
    )


def face_templates(root: Path) -> set[str]:
    """The actors who have a face template."""
    folder = layout.Dataset(root).face_ict_template("").parent
    return {path.stem for path in folder.glob("*.obj")} if folder.is_dir() else set()
