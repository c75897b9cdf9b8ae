"""One or two people's motion as a video, whatever file or array it is: no data set, no template.

From Python, such as a training loop:

    from farm.show import show
    path = show("a.bvh", wav="a.wav")
    path = show(positions, parents=parents, fps=20)   # (frames, joints, 3) in any unit and axes

What is shown is a small data set that is made for it, in a temporary folder, and rendered as any other.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.dataset import (
    blendshapes,
    body_motion,
    bvh,
    capture,
    databases,
    ict_arkit,
    layout,
    side_by_side,
    whole_body,
)
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.whole_body import Body

from .. import audio, body, rendering, video
from ..demo.databases import write_actors
from ..errors import FarmError
from ..rendering import RenderOptions
from ..snapshot import Snapshot
from ..task import TAG

#: The scene that the made data set has, and its people.
_SCENE = SceneId("20000101", "001")
_PEOPLE = (databases.Actor("001", "male"), databases.Actor("002", "female"))
#: What the video's container says of its origin.
_COMMENT = f"{TAG}show"

Motion = Path | str | np.ndarray
Weights = Path | str | np.ndarray


@dataclass(frozen=True)
class _Read:
    """A person as read: the body at 30 fps, and the frames and the rate that its source has."""

    body: Body
    frames: int
    fps: float


def show(
    motion: Motion | Sequence[Motion],
    *,
    wav: Path | str | Sequence[Path | str | None] | None = None,
    face: Weights | Sequence[Weights | None] | None = None,
    parents: Sequence[int] | None = None,
    fps: float = layout.FPS,
    out: Path | str | None = None,
    options: RenderOptions | None = None,
    watch: Callable[[Snapshot], None] = lambda snapshot: None,
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """Render the motion of one person or of two, and return the MP4 video's path.

    motion: a BVH file, or joint positions (frames, joints, 3) in any unit and axes; a list of two for two people.
    parents: of positions' joints, -1 for the root; fps: of positions. wav: the voice, or a list of as many as there are
    people; face: ARKit weights (frames, 51) or ICT weights (frames, 55), as .npy or array, at 30 fps or at the motion's
    own rate; or a list; None for who has none. out: the video, by default the BVH's name with .mp4 in the current
    folder. options: how to render; watch: called with the run's state several times a second; tell: with what there is
    to know. Raises FarmError or DatasetError where something cannot be shown.
    """
    motions = _listed(motion)
    if not 1 <= len(motions) <= 2:
        raise FarmError(f"{len(motions)} motions to show; name one or two")
    faces, voices = (_for_each(given, len(motions), what) for given, what in ((face, "faces"), (wav, "voices")))
    target = _target(motions, out)
    heard = [Path(voice) for voice in voices if voice is not None]
    if len(set(heard)) < len(heard):
        raise FarmError(f"{heard[0]}: given twice; give the wav of each person once")
    for voice in heard:
        audio.read_wave(voice)  # what is wrong with it is told before the rendering
    read = [_read(source, parents, fps) for source in motions]
    for notice in (notice for person in read for notice in person.body.notices):
        tell(notice)
    with tempfile.TemporaryDirectory(prefix="interact-farm-show-") as folder:
        dataset = Dataset(Path(folder) / "data")
        _make(dataset, read, faces, tell)
        chosen = replace(options or RenderOptions(), mux=False, out=Path(folder) / "out", frames=None)
        prepared = rendering.prepare(body.BODY, dataset.body_job, dataset.root, chosen, tell)
        result = rendering.execute(prepared, watch, tell)[0]
        if result.problem:
            raise FarmError(f"{target.name}: {result.problem}")
        for notice in result.notices:
            tell(_as_given(notice, motions))
        _finish(prepared.outputs.clip(_SCENE), heard, target, tell)
    return target


def _listed(given: Any) -> list:
    """One thing or several; arrays of other libraries (tensors in the CPU's memory) as numpy's."""
    if isinstance(given, (str, Path)) or hasattr(given, "__array__"):
        given = [given]
    return [np.asarray(thing) if hasattr(thing, "__array__") else thing for thing in given]


def _for_each(given: object, people: int, what: str) -> list:
    """One for each person, None for who has none."""
    listed = [] if given is None else _listed(given)
    if len(listed) > people:
        raise FarmError(f"{len(listed)} {what} for {people} {'motion' if people == 1 else 'motions'}")
    return listed + [None] * (people - len(listed))


def _target(motions: Sequence[Motion], out: Path | str | None) -> Path:
    """Where the video goes; one of the user's own by the name that was not asked for is not overwritten."""
    if out is not None:
        target = Path(out).absolute()
        if target.suffix.lower() != ".mp4":
            raise FarmError(f"{target}: a video's name ends in .mp4")
        return target
    names = [Path(motion).stem for motion in motions if isinstance(motion, (str, Path))]
    target = Path(f"{'-'.join(names) or 'motion'}.mp4").absolute()
    if target.is_file() and not _is_ours(target):
        raise FarmError(f"{target}: is there already and was not made by interact-farm; name another with --out")
    return target


def _is_ours(path: Path) -> bool:
    try:
        return video.probe(path).metadata.get("comment", "").startswith(TAG)
    except FarmError:
        return False


def _as_given(notice: str, motions: Sequence[Motion]) -> str:
    """A notice about the made data set in the user's own names."""
    for actor, motion in zip(_PEOPLE, motions, strict=False):
        name = Path(motion).name if isinstance(motion, (str, Path)) else f"person {int(actor.id)}"
        notice = notice.replace(f"actor {actor.id}", name).replace(str(_SCENE.performance(actor.id)), name)
    return notice


def _read(source: Motion, parents: Sequence[int] | None, fps: float) -> _Read:
    if isinstance(source, np.ndarray):
        if parents is None:
            raise FarmError("joint positions need `parents`, the number of each joint's parent, -1 for the root")
        return _Read(whole_body.of(capture.of_positions(source, parents, fps)), len(source), fps)
    motion = bvh.read(source)
    return _Read(whole_body.of(capture.of_motion(motion)), motion.frames, motion.fps)


def _make(
    dataset: Dataset, read: Sequence[_Read], faces: Sequence[Weights | None], tell: Callable[[str], None]
) -> None:
    """A data set of the one scene."""
    people = _PEOPLE[: len(read)]
    for place in (dataset.bvhs_retarget, dataset.root / "face_arkit", dataset.body_job.parent):
        place.mkdir(parents=True)
    both = [person.id for person in people] + [""]
    write_actors(dataset.actors_db, people, [databases.Session(_SCENE.date, both[0], both[1])])
    dataset.body_job.write_text(f"{_SCENE}\n", encoding="utf-8")
    longest = max(person.body.frames for person in read)
    bodies = side_by_side.placed([person.body for person in read])
    for actor, person, placed, face in zip(people, read, bodies, faces, strict=True):
        performance = _SCENE.performance(actor.id)
        bvh.write(dataset.motion(performance), body_motion.to_motion(placed))
        neutral = np.zeros((longest, len(blendshapes.ARKIT_NAMES)), np.float32)
        np.save(dataset.face_arkit(performance), neutral if face is None else _weights(face, person, tell))


def _weights(face: Weights, person: _Read, tell: Callable[[str], None]) -> np.ndarray:
    """ARKit weights (N, 51) at 30 fps."""
    name, array = ("the face", face) if isinstance(face, np.ndarray) else (str(face), blendshapes.map_array(Path(face)))
    kinds = {len(blendshapes.ARKIT_NAMES): "ARKit", len(blendshapes.ICT_NAMES): "ICT"}
    if array.ndim != 2 or array.shape[1] not in kinds or not len(array) or array.dtype.kind not in "fiu":
        raise DatasetError(
            f"{name}: face weights must be numbers of the shape (frames, 51) for ARKit or (frames, 55) for ICT, "
            f"these have {array.shape}"
        )
    weights = np.asarray(array, dtype=np.float32)
    if not np.isfinite(weights).all():
        raise DatasetError(f"{name}: holds NaN or infinity; fill the gaps first")
    if kinds[weights.shape[1]] == "ICT":
        weights = ict_arkit.to_arkit(weights)
    if len(weights) == person.frames != person.body.frames:
        # As long as the motion in frames: of its rate.
        tell(f"{name}: {person.fps:.4g} fps, as the motion, resampled to {layout.FPS}")
        where = np.arange(person.body.frames) * person.fps / layout.FPS
        columns = [np.interp(where, np.arange(len(weights)), column) for column in weights.T]
        weights = np.stack(columns, axis=1).astype(np.float32)
    return weights


def _finish(picture: Path, voices: Sequence[Path], target: Path, tell: Callable[[str], None]) -> None:
    """The rendered picture with the voices as an MP4 file; without sound where there are none."""
    tags = {"comment": _COMMENT}
    if voices:
        for notice in audio.mux(picture, voices, target, tags=tags):
            tell(notice)
        return
    info = video.probe(picture)
    with video.whole_file(target) as partial:
        command = [
            video.ffmpeg_binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
            "-i", str(picture.absolute()), "-map", "0:v:0", "-c", "copy",
            "-map_metadata", "-1", "-metadata", f"comment={_COMMENT}",
            "-video_track_timescale", str(info.fps.numerator), "-movflags", "+faststart+use_metadata_tags",
            "-f", "mp4", str(partial),
        ]  # fmt: skip
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FarmError(f"{target}: ffmpeg could not write it ({done.stderr.strip() or done.returncode})")
