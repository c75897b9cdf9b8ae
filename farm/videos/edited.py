"""Videos that are made of rendered ones: whether one is there already, and the sound that it gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from .. import __version__, video
from ..errors import FarmError
from ..known_files import file_fingerprint
from ..mux import mux_subject
from ..subjects import Subject
from ..task import TAG, fingerprint_of, tag
from ..video import VideoInfo


@dataclass(frozen=True)
class Made:
    """A video: how many frames it has, and what a user should know about it."""

    path: Path
    frames: int
    notices: tuple[str, ...] = ()


def make(
    out: Path,
    made_from: object,
    subject: Subject,
    compose: Callable[[Path, dict[str, str]], VideoInfo],
    *,
    stereo: bool = False,
    overwrite: bool = False,
    part: tuple[int, int] | None = None,
) -> Made:
    """See that the video `out` is there, with the sound of `subject`.

    made_from: all that decides its picture, as its `repr` tells it; compose: writes the picture into a file with tags.
    One that is there and was made from the same stays, and one that this program did not make, unless `overwrite`.
    part: the frames of the subject, from 1, where those are not all. A subject without any wav makes a silent video.
    """
    heard = [file_fingerprint(voice) for voice in subject.voices]
    text = repr((__version__, made_from, heard, stereo, part))
    fingerprint = blake2b(text.encode(), digest_size=8).hexdigest()
    if not overwrite and out.is_file():
        there = _probed(out)
        comment = there.metadata.get("comment", "") if there else ""
        if there and not comment.startswith(TAG):
            kept = f"{out.name} was not made by interact-farm and is kept; --overwrite makes it anew"
            return Made(out, there.frames, (kept,))
        if there and fingerprint_of(comment) == fingerprint:
            return Made(out, there.frames)
    silent = out.with_name(f"{out.stem}.silent.mp4")
    try:
        made = compose(silent, {"comment": tag(fingerprint)})
        if any(voice.is_file() for voice in subject.voices):
            muxed = mux_subject(subject, silent, out, stereo=stereo, overwrite=True, part=part)
            return Made(out, muxed.frames, muxed.notices)
        os.replace(silent, out)
        return Made(out, made.frames, ("there is no wav; the video has no sound",))
    finally:
        silent.unlink(missing_ok=True)


def content(info: VideoInfo) -> str:
    """What a video was made from, as far as its comment tells, else a fingerprint of itself."""
    comment = info.metadata.get("comment", "")
    return comment if comment.startswith(TAG) else file_fingerprint(info.path)


def _probed(path: Path) -> VideoInfo | None:
    """None for what cannot be read and is made again."""
    try:
        return video.probe(path)
    except FarmError:
        return None
