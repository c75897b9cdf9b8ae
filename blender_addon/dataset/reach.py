"""How far a worker reaches: the data set that it reads, the templates that it opens, the folders that it writes into.

It is said on the worker's command line, by whoever starts it, and never in a batch, which may come from anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import batch
from .errors import DatasetError

#: Files that are written beside and renamed: a link of their name is replaced, not followed.
_RENAMED = (".mkv", ".blend")


@dataclass(frozen=True)
class Reach:
    """What a worker may touch, as absolute paths; the options of its command line have the same names.

    data: folders of data sets, which may lie below them; out: folders to write below; template: .blend files to open,
    beside those below `data` and `out`; assets: folders of the people's data.
    """

    data: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()

    @classmethod
    def of(cls, requests: Iterable[batch.Request]) -> Reach:
        """As far as these requests go, and no further: for requests that the driver itself has made."""
        wanted: dict[str, dict[str, None]] = {name: {} for name in ("data", "out", "template", "assets")}
        for request in requests:
            for name in ("data", "template", "assets"):
                if path := getattr(request, name, ""):
                    wanted[name][path] = None
            if output := getattr(request, "output", ""):
                wanted["out"][str(Path(output).parent)] = None
        return cls(**{name: tuple(paths) for name, paths in wanted.items()})

    def options(self) -> list[str]:
        """As a worker's command line has it."""
        named = (("data", self.data), ("out", self.out), ("template", self.template), ("assets", self.assets))
        return [word for name, paths in named for path in paths for word in (f"--{name}", path)]

    def require(self, request: batch.Request) -> None:
        """DatasetError, which names path and folders, where one of the request's paths lies outside, as it is once
        links and `..` are followed."""
        if isinstance(request, batch.End):
            return
        if self == Reach():
            raise DatasetError(
                f"{request.output}: the worker was not told what it may touch; start it with --data DIR --out DIR, and "
                "--template FILE where the template lies in neither"
            )
        if not isinstance(request, batch.TryEngine):
            path = request.data
            _require(path, _real(path), self.data, "--data", "a data set may be read")
        if assets := getattr(request, "assets", ""):
            _require(assets, _real(assets), self.assets, "--assets", "the people's data may be read")
        if isinstance(request, batch.RenderChunk | batch.SaveComposite):
            path, places = request.template, (*self.template, *self.data, *self.out)
            _require(path, _real(path), places, "--template", "a template may be opened")
        self._require_output(request)

    def _require_output(self, request: batch.Writing) -> None:
        path = request.output
        suffix = Path(path).suffix
        if isinstance(request, batch.RenderChunk | batch.TryEngine) and set("#{}") & set(path):
            raise DatasetError(f"{path}: Blender takes '#', '{{' and '}}' in a path for its own; write elsewhere")
        needed = ".png" if isinstance(request, batch.TryEngine) else ".blend"
        if suffix != needed and not isinstance(request, batch.RenderChunk):
            raise DatasetError(f"{path}: what a request to {batch.name_of(request)} writes has a name in {needed}")
        real = _real(path)
        if suffix in _RENAMED:
            real = _real(str(Path(path).parent)) / Path(path).name
        if any(real == Path(place).resolve() for place in self.out):
            raise DatasetError(f"{path}: is the folder to write below itself; name a file or a folder in it")
        _require(path, real, self.out, "--out", "it may be written")


def _real(text: str) -> Path:
    """Where a path leads; DatasetError where Blender or the system would take it for another than it seems."""
    if "\0" in text or not Path(text).is_absolute():
        raise DatasetError(f"{text!r}: is no absolute path, as a batch needs")
    if text.startswith("//"):
        raise DatasetError(f"{text}: Blender takes a path that begins with // as one beside its open file")
    try:
        real = Path(text).resolve()
        as_blender_reads = Path(os.path.normpath(text)).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, among others
        raise DatasetError(f"{text!r}: cannot be followed ({error})") from error
    if real != as_blender_reads:
        raise DatasetError(f"{text}: has a '..' after a link, and so is both {real} and {as_blender_reads}")
    return real


def _require(path: str, real: Path, places: Sequence[str], option: str, what: str) -> None:
    if not any(real.is_relative_to(Path(place).resolve()) for place in places):
        allowed = f"only in {' or '.join(dict.fromkeys(places))}" if places else "nowhere yet"
        elsewhere = "" if str(real) == os.path.normpath(path) else f" (which is {real})"
        raise DatasetError(f"{path}{elsewhere}: {what} {allowed}; the worker's option {option} says where")
