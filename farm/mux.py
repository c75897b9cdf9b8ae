"""Sound for rendered scenes: which voices belong to one, and whether its video has them already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from . import audio, pictures, video
from .errors import FarmError
from .known_files import file_fingerprint
from .subjects import Subject
from .task import TAG, Task


@dataclass(frozen=True)
class Muxed:
    """A video with sound: where it is, whether it was there already, and what a user should know about it."""

    path: Path
    frames: int
    was_there: bool
    notices: tuple[str, ...]


def mux_task(task: Task, *, stereo: bool = False, overwrite: bool = False) -> Muxed:
    """Put the voices of a rendered task under its picture; see `mux_subject`."""
    part = (task.first, task.last) if task.is_part else None
    return mux_subject(task.subject, task.picture, task.video, stereo=stereo, overwrite=overwrite, part=part)


def mux_subject(
    subject: Subject,
    picture: Path,
    out: Path,
    *,
    stereo: bool = False,
    overwrite: bool = False,
    part: tuple[int, int] | None = None,
) -> Muxed:
    """Put a subject's voices under its rendered picture, male first (left, with `stereo`).

    picture: a video, or a folder of pictures. A video there that interact-farm did not make is kept, unless
    `overwrite`; nothing is done where `out` was made from this picture and these wavs. A voice that is missing is
    left out with a notice; without any FarmError is raised, as it is for a picture or wav that cannot be used.
    part: the frames, from 1, that the video is to have, where those are not all.
    """
    voices, notices = _voices(subject)
    frames = part or (1, subject.frames)
    info = pictures.sequence(picture, *frames) if picture.is_dir() else video.probe(picture)
    made_from = info.metadata.get("comment", "")
    if not made_from.startswith(TAG):  # rendered in Blender's window, or by another program
        made_from = f"{TAG}{file_fingerprint(picture)}"
    comment = f"{made_from} sound {_fingerprint(voices, stereo, part)}"
    if not overwrite and (there := _there(out)) is not None:
        theirs = there.metadata.get("comment", "")
        if not theirs.startswith(TAG):
            kept = f"{out.name} was not made by interact-farm and is kept; --overwrite makes it anew"
            return Muxed(out, there.frames, True, (*notices, kept))
        if theirs == comment and there.frames == info.frames:
            return Muxed(out, info.frames, True, notices)
    if picture.is_dir():
        pictures.require_undamaged(picture, *frames)
    start = None if part is None else Fraction(part[0] - 1) / info.fps
    heard = audio.mux(info, voices, out, stereo=stereo, start=start, tags={"comment": comment})
    return Muxed(out, info.frames, False, notices + heard)


def _voices(subject: Subject) -> tuple[list[Path], tuple[str, ...]]:
    missing = [wav.name for wav in subject.voices if not wav.exists()]
    if len(missing) == len(subject.voices):
        lack = "no such files" if len(missing) > 1 else "no such file"
        raise FarmError(
            f"{' and '.join(map(str, subject.voices))}: {lack}, and so no sound to add; "
            "put a wav there, or render with --no-mux"
        )
    return [wav for wav in subject.voices if wav.exists()], tuple(
        f"{name} is missing; the other voice is alone" for name in missing
    )


def _fingerprint(voices: Sequence[Path], stereo: bool, part: tuple[int, int] | None) -> str:
    parts = [file_fingerprint(voice) for voice in voices] + [repr((stereo, part))]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _there(out: Path) -> video.VideoInfo | None:
    """The video that is there already; None for none, or for one that cannot be read and is made again."""
    if not out.is_file():
        return None
    try:
        return video.probe(out)
    except FarmError:
        return None
