"""Frames kept as clips: each chunk an MKV, joined to one video without re-encoding."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from . import frame_record, video
from .errors import FarmError
from .task import TAG, Chunk, Remains, Task, fingerprint_of, tag

_NAME = re.compile(r"(\d{6})-(\d{6})\.mkv")


class Clips:
    """See task.Medium. A chunk's record is the frame record of its clip: decoding half a million frames twice would
    take long."""

    def finished(self, task: Task) -> str:
        if not task.picture.is_file():
            return ""
        try:
            info = video.probe(task.picture)
        except FarmError:
            return ""  # half a file of another program: rendered anew, the new one takes its place
        comment = info.metadata.get("comment", "")
        if not comment.startswith(TAG):
            return f"{task.picture.name} was not made by interact-farm and is kept; --overwrite renders it anew"
        return "done" if comment == tag(task.fingerprint) and info.frames == task.frames else ""

    def rendered(self, task: Task) -> list[Chunk]:
        if not task.folder.is_dir():
            return []
        named = ((path, _NAME.fullmatch(path.name)) for path in sorted(task.folder.iterdir()))
        chunks = [Chunk(int(name[1]), int(name[2]), str(path)) for path, name in named if name]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # decoding is most of the time, and holds no lock of Python's
            whole = [*pool.map(partial(_if_whole, task), chunks)]
        found: list[Chunk] = []
        for chunk in filter(None, whole):
            follows = chunk.first > (found[-1].last if found else task.first - 1)
            if follows and chunk.first <= chunk.last <= task.last:
                found.append(chunk)
        return found

    def remains(self, task: Task) -> Remains:
        others, damaged, lengths = [], [], []
        if task.picture.is_file():
            try:
                info = video.probe(task.picture)
            except FarmError:
                damaged.append(task.picture)
            else:
                others.append(fingerprint_of(info.metadata.get("comment", "")))
                if others == [task.fingerprint] and info.frames != task.frames:
                    lengths.append(f"{task.picture.name} has {info.frames} of {task.frames} frames")
        if task.folder.is_dir():
            whole = {chunk.path for chunk in task.present}
            damaged += [p for p in sorted(task.folder.iterdir()) if _NAME.fullmatch(p.name) and p not in whole]
        begun = sorted(task.folder.parent.glob(f"{task.picture.stem}-*"), key=lambda path: -path.stat().st_mtime)
        others += [path.name.rpartition("-")[2] for path in begun if any(path.glob("*.mkv"))]
        kept = dict.fromkeys(other for other in others if other not in ("", task.fingerprint))
        return Remains(tuple(kept), tuple(damaged), tuple(lengths))

    def target(self, task: Task, first: int, last: int) -> Path:
        return task.folder / f"{first:06d}-{last:06d}.mkv"

    def check(self, task: Task, chunk: Chunk) -> Chunk:
        try:
            return _require_whole(task, chunk)
        except FarmError:
            chunk.path.unlink(missing_ok=True)
            raise

    def is_there(self, task: Task, chunk: Chunk) -> bool:
        return chunk.path.is_file()

    def missing(self, task: Task, chunk: Chunk) -> list[Chunk]:
        return [chunk]  # what a broken clip has cannot be used

    def assemble(self, task: Task, chunks: Sequence[Chunk]) -> None:
        """Join the clips, and delete them and those of earlier versions of the inputs (a run holds the lock)."""
        ordered = sorted(chunks, key=lambda chunk: chunk.first)
        record = "".join(chunk.record for chunk in ordered)
        tags = {"comment": tag(task.fingerprint), frame_record.TAG_NAME: record}
        video.join([chunk.path for chunk in ordered], task.picture, metadata=tags)
        for folder in task.folder.parent.glob(f"{task.picture.stem}-*"):
            shutil.rmtree(folder)


def _if_whole(task: Task, chunk: Chunk) -> Chunk | None:
    try:
        return _require_whole(task, chunk)
    except FarmError:
        return None  # rendered again


def _require_whole(task: Task, chunk: Chunk) -> Chunk:
    """Decode a clip; FarmError where it is damaged, or says that it is another's or has other frames."""
    entries: list[str] = []
    video.check(chunk.path, frames=chunk.frames, look=lambda picture: entries.append(frame_record.entry(picture)))
    note = video.probe(chunk.path).metadata.get("note", "")
    if note and note != f"{tag(task.fingerprint)} frames {chunk.first}-{chunk.last}":
        raise FarmError(f"{chunk.path}: says it is {note!r}; render it again")
    return replace(chunk, record="".join(entries))
