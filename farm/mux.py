"""Sound for rendered scenes: which voices belong to one, and whether its video has them already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from blender_addon.dataset import databases
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId

from . import audio, plan, video
from .errors import FarmError


@dataclass(frozen=True)
class Muxed:
    """A video with sound: where it is, whether it was there already, and what a user should know about it."""

    path: Path
    frames: int
    was_there: bool
    notices: tuple[str, ...]


def mux_scene(
    dataset: Dataset,
    scene: SceneId,
    picture: Path,
    out: Path,
    *,
    stereo: bool = False,
    overwrite: bool = False,
    first: int | None = None,
) -> Muxed:
    """Put the voices of a scene's actors under its rendered picture, male first (left, with `stereo`).

    A video there that interact-farm did not make is kept, unless `overwrite`; nothing is done where `out` was made
    from this picture and these wavs. A voice that is missing is left out with a notice; without both FarmError is
    raised, as it is for a picture or wav that cannot be used. first: for a picture of a part of the scene, the
    frame, from 1, that it begins with.
    """
    voices, notices = _voices(dataset, scene)
    info = video.probe(picture)
    tag = info.metadata.get("comment", "") or f"interact-farm {plan.file_fingerprint(picture)}"
    tag += f" sound {_fingerprint(voices, stereo, first)}"
    if not overwrite and (there := _there(out)) is not None:
        theirs = there.metadata.get("comment", "")
        if not theirs.startswith("interact-farm "):
            kept = f"{out.name} was not made by interact-farm and is kept; --overwrite makes it anew"
            return Muxed(out, there.frames, True, (*notices, kept))
        if theirs == tag and there.frames == info.frames:
            return Muxed(out, info.frames, True, notices)
    start = None if first is None else Fraction(first - 1) / info.fps
    heard = audio.mux(picture, voices, out, stereo=stereo, start=start, tags={"comment": tag})
    return Muxed(out, info.frames, False, notices + heard)


def _voices(dataset: Dataset, scene: SceneId) -> tuple[list[Path], tuple[str, ...]]:
    wavs = [dataset.wav(scene.performance(actor)) for actor in databases.session_of(dataset, scene).actors]
    missing = [wav.name for wav in wavs if not wav.exists()]
    if len(missing) == len(wavs):
        raise FarmError(f"{scene}: neither actor has a wav ({', '.join(missing)}); there is no sound to add")
    return [wav for wav in wavs if wav.exists()], tuple(
        f"{name} is missing; the other voice is alone" for name in missing
    )


def _fingerprint(voices: Sequence[Path], stereo: bool, first: int | None) -> str:
    parts = [plan.file_fingerprint(voice) for voice in voices] + [repr((stereo, first))]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _there(out: Path) -> video.VideoInfo | None:
    """The video that is there already; None for none, or for one that cannot be read and is made again."""
    if not out.is_file():
        return None
    try:
        return video.probe(out)
    except FarmError:
        return None
