"""The gallery's folder: the page, its data and thumbnails, brought up to date as the run goes on."""

from __future__ import annotations

import json
import os
import time
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import runs
from ...errors import FarmError
from ...plan import Outputs
from . import facts, results
from .files import replace_file
from .scenes import Scenes
from .thumbnails import FOLDER, Thumbnails, key

#: The page's own files, package data.
PAGE = ("index.html", "gallery.css", "gallery.js")

#: By this a folder with a page is known as a gallery; any other page is not written over.
_MARK = b'<meta name="generator" content="interact-farm gallery">'

#: Between two looks at a run, seconds; a run of 100,000 chunks costs more to read, and is read less often.
_LEAST_PAUSE, _PAUSE_PER_LOOK = 2.0, 10.0

#: Thumbnails are made for so long between two looks, seconds, lest the numbers stand still meanwhile.
_THUMBNAIL_SECONDS = 1.5

#: How often an open page asks again, seconds.
_ASK_SECONDS, _ASK_IDLE_SECONDS = 2, 10


def page(name: str) -> bytes:
    """One of the page's files."""
    return resources.files(__package__).joinpath("page", name).read_bytes()


class Gallery:
    """A run's gallery in a folder. FarmError where the run is not known or the folder is another's."""

    def __init__(self, outputs: Outputs, run: str, folder: Path | None = None) -> None:
        self._outputs = outputs
        self.status = runs.status(outputs, run)
        self.folder = (folder or outputs.gallery(self.status.id)).absolute()
        self._require_ours()
        self._scenes = Scenes(self.status.data, self.status.subset)
        self._thumbnails = Thumbnails(self.folder)
        self._looked_at: dict[str, tuple[str, int]] = {}
        self._took = 0.0
        self.json = b"{}"
        #: What else the page may ask for when it is served, by its address.
        self.files: dict[str, Path] = {}
        for name in PAGE:
            replace_file(self.folder / name, page(name))

    @property
    def is_running(self) -> bool:
        return self.status.state == "running"

    @property
    def pause(self) -> float:
        """Seconds until the next look at the run."""
        return max(_LEAST_PAUSE, _PAUSE_PER_LOOK * self._took)

    def refresh(self, *, follows: bool, hurried: bool = False) -> bool:
        """Look at the run and write what has changed; whether all thumbnails are made.

        follows: this will be called again, so that an open page asks again; hurried: not all thumbnails at once.
        """
        before = time.monotonic()
        self.status = runs.status(self._outputs, self.status.id)
        known = time.monotonic()
        whole = self._make_thumbnails(known + _THUMBNAIL_SECONDS if hurried else None)
        seen = time.monotonic()
        self._write(follows)
        self._took = time.monotonic() - seen + known - before
        return whole

    def _make_thumbnails(self, until: float | None) -> bool:
        """The tasks that render come first: they are those that somebody looks at."""
        for task in sorted(self.status.tasks, key=lambda task: task.state != "rendering"):
            # A task on which nothing happened is not looked for on the disk.
            stand = task.state, task.frames_done
            if self._looked_at.get(task.name) == stand and task.state not in ("rendering", "joining"):
                continue
            if until is not None and time.monotonic() > until:
                return False
            frame = results.newest_frame(self._outputs, self.status.kind, task)
            if frame is not None and not self._thumbnails.is_made(task.name, frame):
                self._thumbnails.make(task.name, frame)
            self._looked_at[task.name] = stand
        return True

    def _write(self, follows: bool) -> None:
        videos = {t.name: results.video_of(self._outputs, self.status.kind, t) for t in self.status.tasks}
        found = facts.of(self.status, self._scenes, self._picture, lambda task: self._relative(videos[task.name]))
        found["made"] = time.time()
        found["ask"] = (_ASK_SECONDS if self.is_running else 0) if follows else 0
        # A script that a page from file:// loads, where it may fetch nothing.
        replace_file(self.folder / "data.js", b"interactGallery(" + to_json(found) + b");\n")
        files = {f"/{FOLDER}/{key(t.name)}.jpg": self._thumbnails.path(t.name) for t in self.status.tasks}
        for card, video in zip(found["cards"], videos.values(), strict=True):
            if video is not None:
                card["video"] = f"videos/{quote(video.name)}"
                files[f"/videos/{video.name}"] = video
        found["ask"] = _ASK_SECONDS if self.is_running else _ASK_IDLE_SECONDS
        self.files, self.json = files, to_json(found)

    def _picture(self, task: runs.TaskStatus) -> str:
        version = self._thumbnails.version(task.name)
        return "" if version is None else f"{FOLDER}/{key(task.name)}.jpg?v={version}"

    def _relative(self, path: Path | None) -> str:
        """A result's address as seen from the folder, so that both may be moved together."""
        if path is None:
            return ""
        try:
            return quote(Path(os.path.relpath(path.absolute(), self.folder)).as_posix())
        except ValueError:
            return path.absolute().as_uri()  # on another drive

    def _require_ours(self) -> None:
        path = self.folder / "index.html"
        try:
            if path.exists() and _MARK not in path.read_bytes():
                raise FarmError(f"{self.folder}: has a page of something else; --out must name another folder")
        except OSError as error:
            raise FarmError(f"{path}: cannot be read ({error.strerror}); --out names another folder") from error


def to_json(value: Any) -> bytes:
    """Plain data as JSON that is also right within a script or a page: all but ASCII, and `<`, escaped."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode("ascii")
