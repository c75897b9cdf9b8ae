"""Which files a conversion takes, where their results go, and what became of each."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import FarmError


@dataclass(frozen=True)
class Converted:
    """What became of one file: where its result is and how many frames it has, or else what was wrong.

    was_there: the result was there already; notice: it is not what would be written today.
    """

    source: Path
    file: Path | None = None
    frames: int = 0
    was_there: bool = False
    problem: str = ""
    notice: str = ""


def make_folder(out: Path | str) -> Path:
    """The folder for the results, there and absolute; FarmError where it cannot be."""
    folder = Path(out).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FarmError(f"{folder}: the results' folder cannot be made ({error.strerror})") from error
    return folder


def gather(given: Iterable[Path | str], out: Path) -> tuple[list[tuple[Path, Path]], list[Converted]]:
    """Each file that is named with the file of its result in `out`, and a problem for each that cannot be converted.

    given: files, folders (all .npy files in them, not below) and globs. A file that is named twice counts once; one
    whose result would take another's place, or its own, is a problem.
    """
    pairs: dict[Path, Path] = {}
    bad: list[Converted] = []
    for name in given:
        found = _files(str(name))
        if not found:
            bad.append(Converted(Path(name), problem=f"{name}: {_lack(Path(name))}"))
        for source in found:
            target = out / source.name
            if target in pairs:
                if pairs[target].resolve() != source.resolve():
                    problem = f"{source}: has the name of {pairs[target]}; convert it into a folder of its own"
                    bad.append(Converted(source, problem=problem))
            elif target.exists() and target.samefile(source):
                problem = f"{source}: lies in the results' folder and would be written over; --out must name another"
                bad.append(Converted(source, problem=problem))
            else:
                pairs[target] = source
    return [(source, target) for target, source in pairs.items()], bad


def _lack(given: Path) -> str:
    """Why a name gives no file."""
    if not given.is_dir():
        return "no such file or folder, and a glob of none; name a file, a folder or a glob of .npy files"
    below = next(given.glob("*/**/*.npy"), None)
    if below is None:
        return "holds no .npy files; name the folder of the weights"
    return f"holds no .npy files itself; for those in folders below it name '{given}/**/*.npy'"


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return sorted(file for file in path.glob("*.npy") if file.is_file())
    if path.exists():
        return [path]
    return sorted(map(Path, glob.glob(name, recursive=True)))  # noqa: PTH207 - Path.glob takes no absolute pattern
