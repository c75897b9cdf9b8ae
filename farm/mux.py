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
    first: int = 1,
) -> Muxed:
    """Put the voices of a scene's actors under its rendered picture, male first (left, with `stereo`).

    The voice that is missing is left out with a notice; without both FarmError is raised, as it is for a picture
    or wav that cannot be used. Nothing is done where `out` was made from this picture and these wavs. first: the
    frame of the scene, from 1, that the picture begins with.
    """
    voices, notices = _voices(dataset, scene)
    info = video.probe(picture)
    tag = info.metadata.get("comment", "") or f"interact-farm {plan.file_fingerprint(picture)}"
    tag += f" sound {_fingerprint(voices, stereo, first)}"
    if not overwrite and _is_made_from(out, tag, info.frames):
        return Muxed(out, info.frames, True, notices)
    heard = audio.mux(picture, voices, out, stereo=stereo, start=Fraction(first - 1) / info.fps, tags={"comment": tag})
    return Muxed(out, info.frames, False, notices + heard)


def _voices(dataset: Dataset, scene: SceneId) -> tuple[list[Path], tuple[str, ...]]:
    wavs = [dataset.wav(scene.performance(actor)) for actor in databases.session_of(dataset, scene).actors]
    missing = [wav.name for wav in wavs if not wav.exists()]
    if len(missing) == len(wavs):
        raise FarmError(f"{scene}: neither actor has a wav ({', '.join(missing)}); there is no sound to add")
    return [wav for wav in wavs if wav.exists()], tuple(
        f"{name} is missing; the other voice is alone" for name in missing
    )


def _fingerprint(voices: Sequence[Path], stereo: bool, first: int) -> str:
    parts = [plan.file_fingerprint(voice) for voice in voices] + [repr((stereo, first))]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _is_made_from(out: Path, tag: str, frames: int) -> bool:
    if not out.is_file():
        return False
    try:
        info = video.probe(out)
    except FarmError:
        return False  # damaged: made again
    return info.metadata.get("comment") == tag and info.frames == frames
