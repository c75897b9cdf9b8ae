"""Looking finished results over: what is missing, cut short, out of order, shown twice, black, or loses its sound.

Nothing is rendered to know it. Pictures say which frame they are, joined videos list what was joined
(`frame_record.py`), the video with sound is held against the one without, and where two frames in a row are the same
to the bit, motion or weights say whether anything moved there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import blendshapes, bvh, databases, layout
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import frame_record, pictures, plan, remedy, subjects, video
from .errors import FarmError
from .finding import INPUT, Finding
from .frame_record import Seen
from .subjects import Subject

#: Sound may end a packet of AAC before the picture, seconds.
_SOUND_SLACK = 1024 / 44100

#: A body that moves further in a frame, in its own heights (root mean square over its joints), cannot look the same:
#: half a millimetre in 1 m; and in pixels of the frame's height, where those are coarse.
_BODY_MOVES, _BODY_PIXELS = 5e-4, 0.12

#: The same of a face: the most that any of its weights changes.
_FACE_MOVES, _FACE_PIXELS = 0.02, 3.0


@dataclass(frozen=True)
class _Result:
    """A subject's files to look over, its frames numbered from `first`."""

    dataset: Dataset
    subject: Subject
    first: int
    last: int
    picture: Path
    heard: Path

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def found(self, kind: str, file: Path, text: str, frames: tuple[int, int] | None = None) -> Finding:
        text = text.removeprefix(f"{file}: ")  # errors begin with it
        return Finding(str(self.subject.id), kind, file, f"{file.name}: {text}", frames)

    def each(self, kind: str, file: Path, numbers: Iterable[int], text: str) -> list[Finding]:
        """A finding for each run of frames; text: with `{}` for them."""
        return [
            self.found(kind, file, text.format(f"frame {a}" if a == b else f"frames {a}-{b}"), (a, b))
            for a, b in pictures.ranges(sorted(numbers))
        ]


def verify(
    dataset: Dataset,
    outputs: plan.Outputs,
    names: Iterable[SceneId | PerformanceId],
    frames: tuple[int, int] | None = None,
    *,
    sound: bool = True,
    tell: Callable[[str], None] = lambda name: None,
) -> list[Finding]:
    """Decode the results of scenes and faces and say what is wrong with them; nothing where all is well.

    frames: the results of this range instead of the whole ones; sound: the videos with sound as well; tell is called
    with each name that was looked over. Uses every core.
    """

    def one(name: SceneId | PerformanceId) -> list[Finding]:
        try:
            return _look_over(dataset, outputs, name, frames, sound)
        except (DatasetError, FarmError) as error:
            return [Finding(str(name), "missing", outputs.clip(name), f"cannot be rendered: {error}", cure=INPUT)]

    findings: list[Finding] = []
    listed = list(names)
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="verify") as pool:
        for name, found in zip(listed, pool.map(one, listed), strict=True):
            findings += {(one.kind, one.file, one.frames): one for one in found}.values()
            tell(str(name))
    return findings


def _look_over(
    dataset: Dataset,
    outputs: plan.Outputs,
    name: SceneId | PerformanceId,
    frames: tuple[int, int] | None,
    sound: bool,
) -> list[Finding]:
    subject = subjects.of(dataset, name)
    part = plan.part_of(subject, frames) if frames else None
    first, last = part or (1, subject.frames)
    picture = outputs.shown(name, part)
    result = _Result(dataset, subject, first, last, picture, outputs.video(name, part))
    if picture.is_dir():
        shown, findings = _look_at_pictures(result)
        digests: Sequence[int] | None = None
    else:
        shown, digests, findings = _look_at_clip(result, picture)
    if sound and any(voice.exists() for voice in subject.voices):
        findings += _look_at_heard(result, shown, digests)
    return remedy.with_cures(findings, picture, result.heard, first, last)


def _look_at_pictures(result: _Result) -> tuple[dict[int, Seen], list[Finding]]:
    folder, shown, says, findings = result.picture, {}, {}, []
    missing, made_from = [], Counter[str]()
    for number in range(result.first, result.last + 1):
        path = pictures.path_of(folder, number)
        try:
            says[number] = pictures.decode(path)
            (shown[number],) = frame_record.look(path)
        except (FarmError, ValueError) as error:
            if path.is_file():
                findings.append(result.found("truncated", path, str(error), (number, number)))
            else:
                missing.append(number)
            continue
        made_from[says[number].comment] += 1
    findings += result.each("missing", folder, missing, "{} missing")
    usual = made_from.most_common(1)[0][0] if made_from else ""
    others = [number for number, picture in says.items() if picture.comment != usual]
    findings += result.each("altered", folder, others, "{} made from something else than the others")
    content = {number: picture.number or number for number, picture in says.items()}
    findings += _out_of_order(result, folder, content)
    return shown, findings + _black(result, folder, shown) + _still(result, folder, shown)


def _look_at_clip(result: _Result, path: Path) -> tuple[dict[int, Seen], Sequence[int] | None, list[Finding]]:
    """What a clip shows, what was joined to it where it lists that, and findings."""
    if not path.is_file():
        return {}, None, [_absent(result, path)]
    seen: list[Seen] = []
    try:
        info = video.probe(path)
        seen.extend(frame_record.look(path))
    except FarmError as error:
        return {}, None, [result.found("truncated", path, str(error))]
    shown = dict(enumerate(seen, result.first))
    joined = frame_record.read(info.metadata)
    if len(seen) != info.frames:
        findings = [result.found("truncated", path, f"only {len(seen)} of {info.frames} frames decode")]
    else:
        findings = _count(result, path, shown, joined)
    late = [
        n for n, frame in shown.items() if round((frame.seconds - seen[0].seconds) * layout.FPS) != n - result.first
    ]
    if late and not findings:
        findings.append(result.found("missing", path, f"there is a gap before frame {late[0]}", (late[0], late[0])))
    if not findings:
        findings = _against(result, path, dict(enumerate(joined or (), result.first)), shown)
    return shown, joined, findings + _black(result, path, shown) + _still(result, path, shown)


def _absent(result: _Result, clip: Path) -> Finding:
    """That there is no picture at all: faces are a folder of pictures, unless a video was asked for."""
    name = result.subject.id
    if isinstance(name, SceneId):
        return result.found("missing", clip, "is not there")
    text = f"{clip.parent.name}/{name}/ is not there, nor is {clip.name}"
    return Finding(str(name), "missing", clip.with_name(str(name)), text)


def _look_at_heard(result: _Result, shown: Mapping[int, Seen], joined: Sequence[int] | None) -> list[Finding]:
    """The video with sound: its length in both, and whether it shows what the picture without sound does."""
    path = result.heard
    if not path.is_file():
        return [result.found("missing", path, "is not there")]
    try:
        info = video.probe(path, audio=True)
        there = dict(enumerate(frame_record.look(path), result.first))
    except FarmError as error:
        return [result.found("truncated", path, str(error))]
    findings = []
    if len(there) != info.frames:
        findings.append(result.found("truncated", path, f"only {len(there)} of {info.frames} frames decode"))
    elif count := _count(result, path, there, joined):
        findings += count
    else:
        findings += _against(result, path, dict(enumerate(joined or (), result.first)), there, shown)
    heard = info.audio_seconds or 0.0
    if heard < result.count / layout.FPS - _SOUND_SLACK:
        findings.append(
            result.found("sound", path, f"its sound has {heard:.2f} s, its picture {result.count / layout.FPS:.2f} s")
        )
    return findings + _black(result, path, there)


def _count(result: _Result, path: Path, shown: Mapping[int, Seen], joined: Sequence[int] | None) -> list[Finding]:
    """Whether there are as many frames as there should be; which are not, where that is known."""
    if len(shown) == result.count:
        return []
    text = f"has {len(shown)} of {result.count} frames"
    kind = "missing" if len(shown) < result.count else "duplicated"
    there = {frame.digest for frame in shown.values()}
    gone = [n for n, digest in enumerate(joined or (), result.first) if digest not in there]
    if gone and len(gone) < result.count:
        return result.each(kind, path, gone, text + ", {} missing")
    return [result.found(kind, path, text)]


def _against(
    result: _Result,
    path: Path,
    joined: Mapping[int, int],
    shown: Mapping[int, Seen],
    like: Mapping[int, Seen] | None = None,
) -> list[Finding]:
    """Frames that are not what was joined, or else not like those of `like`, of the same numbers."""
    expected = joined or {number: seen.digest for number, seen in (like or {}).items()}
    wrong = [number for number in shown if number in expected and shown[number].digest != expected[number]]
    if 2 * len(wrong) > len(shown):
        # Encoded anew, so that no digest can be the same.
        if like:
            return _out_of_order(result, path, _likest(shown, like))
        return [result.found("altered", path, "its frames are not those that were joined: was it encoded anew?")]
    home = {digest: number for number, digest in expected.items()}
    content = {n: n if n not in wrong else home.get(shown[n].digest, 0) for n in shown}
    lost = [n for n in wrong if not content[n] and not shown[n].black]
    return _out_of_order(result, path, {n: c for n, c in content.items() if c}) + result.each(
        "altered", path, lost, "{} not what was rendered"
    )


def _likest(shown: Mapping[int, Seen], like: Mapping[int, Seen]) -> dict[int, int]:
    """Which frame of `like` each shown frame is, told by its look; its own number wherever that is in doubt."""
    # A picture that turned black since is like no other, and says nothing of the frame that was made from it.
    common = [number for number in shown if number in like and not like[number].black]
    if len({frame.small.shape for frames in (shown, like) for frame in frames.values()}) != 1 or not common:
        return {}
    rows = np.stack([like[number].small.ravel() for number in common]).astype(np.float32)
    own = [_far(shown[number].small.ravel(), rows[k : k + 1])[0] for k, number in enumerate(common)]
    usual = float(np.median(own))
    content = {}
    for number, distance in zip(common, own, strict=True):
        content[number] = number
        if distance > 2 * usual + 1.0:
            distances = _far(shown[number].small.ravel(), rows)
            best = int(distances.argmin())
            if distances[best] < distance / 2:
                content[number] = common[best]
    return content


def _far(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(rows - pixels.astype(np.float32)).mean(axis=1))


def _out_of_order(result: _Result, path: Path, content: Mapping[int, int]) -> list[Finding]:
    """Findings of places that show another frame. content: {place: the frame it shows}."""
    findings = []
    for place, frame in content.items():
        if frame == place:
            continue
        at_home = content.get(frame) == frame
        text = f"shows frame {frame} in the place of frame {place}"
        findings.append(result.found("duplicated" if at_home else "swapped", path, text, (place, place)))
    return findings


def _black(result: _Result, path: Path, shown: Mapping[int, Seen]) -> list[Finding]:
    return result.each("black", path, (n for n, frame in shown.items() if frame.black), "{} black")


def _still(result: _Result, path: Path, shown: Mapping[int, Seen]) -> list[Finding]:
    """Frames that are the same as the one before where something moves. Not for what was encoded with loss."""
    still = [n for n in shown if n - 1 in shown and shown[n].digest == shown[n - 1].digest and not shown[n].black]
    if still:
        moved, limit = _motion(result, shown[still[0]].height)
        still = [n for n in still if moved[n - 1] > limit]
    return result.each("duplicated", path, still, "{} the same as the one before, though something moves")


def _motion(result: _Result, height: int) -> tuple[np.ndarray, float]:
    """How far things move from frame n to n + 1, at [n], and what cannot be overlooked.

    height: of the picture in pixels.
    """
    name, dataset = result.subject.id, result.dataset
    moved = np.zeros(result.subject.frames + 1)
    if isinstance(name, PerformanceId):
        steps = np.abs(np.diff(blendshapes.load_any(dataset.face_weights(name)), axis=0)).max(axis=1)
        moved[1 : len(steps) + 1] = steps[: len(moved) - 1]
        return moved, max(_FACE_MOVES, _FACE_PIXELS / height)
    for actor in databases.session_of(dataset, name).actors:
        motion = bvh.resample(bvh.read(dataset.motion(name.performance(actor))), layout.FPS)
        positions, _ = bvh.forward_kinematics(motion)
        tall = np.ptp(positions[:, :, 0], axis=0).max()
        steps = np.sqrt(np.square(np.diff(positions, axis=2)).sum(axis=1).mean(axis=0)) / tall
        moved[1 : len(steps) + 1] = np.maximum(moved[1 : len(steps) + 1], steps)
    return moved, max(_BODY_MOVES, _BODY_PIXELS / height)
