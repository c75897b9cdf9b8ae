"""The file that says which queue starts a cluster's workers, and with what: TOML, as docs/farm.md shows it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from ..errors import FarmError

KINDS = ("slurm", "pbs", "sge", "lsf")


@dataclass(frozen=True)
class ClusterFile:
    """A queue and what to ask it for.

    jobs: of the queue; workers_per_job: Blenders in each; cores, memory: of each job; walltime: `[D-]HH:MM:SS` of each
    job; queue: a partition; account: who pays, a project in SGE and LSF; directives: further options of the queue;
    prologue: shell lines before the worker; python: of the nodes, the driver's own by default; interface: of the
    network, such as ib0.
    """

    kind: str
    jobs: int
    cores: int
    memory: str
    walltime: str
    workers_per_job: int = 1
    queue: str = ""
    account: str = ""
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()
    python: str = ""
    interface: str = ""

    @property
    def workers(self) -> int:
        return self.jobs * self.workers_per_job

    @property
    def seconds(self) -> int:
        """The walltime."""
        days, hours, minutes, seconds = _WALLTIME.fullmatch(self.walltime).groups("0")  # type: ignore[union-attr]
        return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)


_WALLTIME = re.compile(r"(?:(\d+)-)?(\d+):(\d{2}):(\d{2})", re.ASCII)


def read(path: Path) -> ClusterFile:
    """Read a cluster file; FarmError says what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FarmError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise FarmError(f"{path}: is no TOML ({error})") from error
    known = {field.name: field for field in fields(ClusterFile)}
    for name, value in content.items():
        if name not in known:
            raise FarmError(f"{path}: no setting {name!r}; there are {', '.join(known)}")
        content[name] = _checked(path, name, known[name].type, value)
    lacking = [name for name, field in known.items() if field.default is MISSING and name not in content]
    if lacking:
        raise FarmError(f"{path}: lacks {', '.join(lacking)}")
    found = ClusterFile(**content)
    if found.kind not in KINDS:
        raise FarmError(f"{path}: kind is {found.kind!r}; it must be one of {', '.join(KINDS)}")
    if not _WALLTIME.fullmatch(found.walltime):
        raise FarmError(f"{path}: walltime is {found.walltime!r}; write [D-]HH:MM:SS, such as 08:00:00")
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", found.memory, re.ASCII | re.IGNORECASE):
        raise FarmError(f"{path}: memory is {found.memory!r}; write a size such as 16GB")
    return found


def _checked(path: Path, name: str, kind: object, value: object) -> object:
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if kind == "str" and isinstance(value, str) and _is_line(value):
        return value
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(_is_line(item) for item in value):
        return tuple(value)
    wanted = {"int": "a number from 1", "str": "a text of one line"}.get(str(kind), "a list of texts of one line")
    raise FarmError(f"{path}: {name} is {value!r}; it must be {wanted}")


def _is_line(value: object) -> bool:
    """Whether a value can stand in a line of a job's script: it ends no line of it."""
    return isinstance(value, str) and not set(value) & set("\n\r\0")
