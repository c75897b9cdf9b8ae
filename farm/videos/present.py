"""A scene as one shows it: the body video with both faces as pictures in the picture, names, emotion, relationship."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset import databases, jobs, layout, lengths
from blender_addon.dataset.databases import Actor, Scenario
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import NamingError, PerformanceId, SceneId

from .. import pictures, plan, subjects, video
from ..errors import FarmError
from ..known_files import file_fingerprint
from ..result import SceneResult
from ..video import VideoInfo
from . import edited, fonts, subtitles
from .compose import Layer, compose
from .plates import GREY, Box, Canvas, Line, even, write_video

#: The folder of the videos.
FOLDER = "presents"

#: In pixels of a picture 1080 high: a face's side, and what stays free at the picture's edges.
_FACE, _FREE = 330, 30

#: Of the picture's width: what the scene's title takes at most, and subtitles in the middle.
_TITLE, _SAID = 0.2, 0.54


@dataclass(frozen=True)
class PresentOptions:
    """How scenes are shown. size: of the picture; subtitles: a .srt file, or a folder of `<scene>.srt`; font: a font
    file that is preferred; out: the folder with the rendered videos, for the new ones too, by default the data set;
    stereo: male left, female right; overwrite: make again what is there."""

    size: tuple[int, int] = (1920, 1080)
    subtitles: Path | None = None
    font: Path | None = None
    out: Path | None = None
    stereo: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class _Person:
    """One of the two: who it is, and the rendered face, None where the actor has none; notice: why."""

    actor: Actor
    face: VideoInfo | None
    notice: str = ""


def listed(which: str) -> tuple[list[SceneId], list[str]]:
    """The scenes that a scene's name or a job file tells, and a sentence for each line of that which names none."""
    if not Path(which).exists():
        try:
            return [SceneId.parse(which)], []
        except NamingError:
            raise FarmError(f"{which}: is neither a scene, such as 20231119_012, nor a job file") from None
    job = jobs.read(which, SceneId)
    return list(job.ids), list(job.problems)


def faces_of(dataset: Dataset, scenes: Iterable[SceneId]) -> list[PerformanceId]:
    """The performances of scenes that have face weights."""
    found = [s.performance(actor) for s in scenes for actor in databases.session_of(dataset, s).actors]
    return [performance for performance in found if dataset.face_weights(performance).is_file()]


def missing(
    scenes: Sequence[SceneId], dataset: Dataset, outputs: plan.Outputs
) -> tuple[list[SceneId], list[PerformanceId]]:
    """Which bodies and faces `present` lacks. What is there whole is shown as it is, however it was rendered."""
    bodies = []
    for scene in scenes:
        try:
            _body(scene, outputs, subjects.scene(dataset, scene).frames)
        except (FarmError, DatasetError):  # whoever renders it tells why it cannot be
            bodies.append(scene)
    faces = []
    for performance in faces_of(dataset, scenes):
        try:
            _face(performance, dataset, outputs)
        except (FarmError, DatasetError):
            faces.append(performance)
    return bodies, faces


def present(
    scenes: Sequence[SceneId],
    data: Path | str,
    options: PresentOptions | None = None,
    tell: Callable[[str], None] = lambda scene: None,
) -> list[SceneResult]:
    """Make `presents/<scene>.mp4` of each scene, whose body and faces are rendered; one result each.

    What is there and made from the same stays. tell is called with the scene that is begun.
    """
    options = options or PresentOptions()
    dataset = Dataset.at(data)
    outputs = plan.Outputs(Path(options.out or dataset.root).absolute())
    if options.font:
        fonts.require(options.font)
    if options.subtitles and options.subtitles.is_file() and len(scenes) > 1:
        raise FarmError(f"{options.subtitles}: is of one scene; for more, name a folder that holds <scene>.srt")
    results = []
    for scene in scenes:
        tell(str(scene))
        try:
            made = _present(scene, dataset, outputs, options)
        except (FarmError, DatasetError) as error:
            results.append(SceneResult(str(scene), 0, 0.0, None, str(error)))
        else:
            results.append(SceneResult(str(scene), made.frames, 0.0, made.path, notices=made.notices))
    return results


def _present(scene: SceneId, dataset: Dataset, outputs: plan.Outputs, options: PresentOptions) -> edited.Made:
    subject = subjects.scene(dataset, scene)
    body = _body(scene, outputs, subject.frames)
    known = databases.actors(dataset)
    people = [_person(scene, known[actor], dataset, outputs) for actor in databases.session_of(dataset, scene).actors]
    scenario = databases.scenarios(dataset).get(scene.scenario)
    cues = _cues(scene, options.subtitles)
    text = "".join([cue.text for cue in cues] + [repr(scenario)])
    notices = [person.notice for person in people if person.notice]
    if scenario is None:
        notices.append(
            f"{dataset.scenarios_db.name} has no scenario {scene.scenario}; emotion and relationship are not told"
        )
    if lacking := fonts.missing(text, options.font):
        notices.append(f"no font here has the letters {lacking[:20]}; name one that has with --font")

    def composed(out: Path, tags: dict[str, str]) -> VideoInfo:
        boxes = face_boxes(options.size)
        layers = [Layer(body, Box(0, 0, *options.size))]
        layers += [Layer(p.face, box, fills=True) for p, box in zip(people, boxes, strict=False) if p.face]
        with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
            plates = Path(folder) / "plates.nut"
            write_video(plates, [
                (frame, _plates(scene, people, scenario, said, options).image)
                for frame, said in subtitles.changes(cues, subject.frames)
            ])  # fmt: skip
            return compose(layers, plates, options.size, subject.frames, out, tags)

    sources = [edited.content(info) for info in (body, *(person.face for person in people)) if info]
    font = file_fingerprint(options.font) if options.font else ""
    made_from = sources, [person.actor for person in people], scenario, cues, options.size, font
    out = outputs.root / FOLDER / f"{scene}.mp4"
    made = edited.make(out, made_from, subject, composed, stereo=options.stereo, overwrite=options.overwrite)
    return edited.Made(made.path, made.frames, (*notices, *made.notices))


def face_boxes(size: tuple[int, int]) -> tuple[Box, Box]:
    """Where the male's and the female's face are: in the upper corners, where people's heads seldom reach."""
    side, free = (even(pixels * min(size) / 1080) for pixels in (_FACE, _FREE))
    return Box(free, free, side, side), Box(size[0] - free - side, free, side, side)


def _body(scene: SceneId, outputs: plan.Outputs, frames: int) -> VideoInfo:
    for path in (outputs.clip(scene), outputs.video(scene)):
        if path.is_file():
            found = video.probe(path)
            if found.frames != frames:
                raise FarmError(f"{path}: holds {found.frames} frames, the scene has {frames}; render it again")
            return found
    raise FarmError(
        f"{outputs.clip(scene)}: the body is not rendered; run `interact-farm body render` with a job of this scene, "
        "or this command with --render"
    )


def _person(scene: SceneId, actor: Actor, dataset: Dataset, outputs: plan.Outputs) -> _Person:
    performance = scene.performance(actor.id)
    if not dataset.face_weights(performance).is_file():
        known = " (the data set's authors know of this gap)" if performance in layout.ERRATA_WITHOUT_FACE else ""
        return _Person(actor, None, f"{performance}: no face weights{known}; there is no picture of the face")
    return _Person(actor, _face(performance, dataset, outputs))


def _face(performance: PerformanceId, dataset: Dataset, outputs: plan.Outputs) -> VideoInfo:
    shown, heard = outputs.shown(performance), outputs.video(performance)
    if shown.is_dir():
        return pictures.sequence(shown, 1, lengths.of_face(dataset, performance))
    for path in (shown, heard):
        if path.is_file():
            return video.probe(path)
    raise FarmError(
        f"{outputs.pictures(performance)}: the face is not rendered; run `interact-farm face render` with a job of "
        "this performance, or this command with --render"
    )


def _cues(scene: SceneId, source: Path | None) -> list[subtitles.Cue]:
    if source is None:
        return []
    return subtitles.read(source / f"{scene}.srt" if source.is_dir() else source)


def _plates(
    scene: SceneId, people: Sequence[_Person], scenario: Scenario | None, said: str, options: PresentOptions
) -> Canvas:
    """All text over one frame."""
    canvas = Canvas(options.size, options.font)
    width, height = options.size
    free = canvas.scaled(_FREE)
    for person, box in zip(people, face_boxes(options.size), strict=False):
        name = Line(f"Actor {person.actor.id} · {person.actor.gender}", 32, bold=True)
        if person.face:
            canvas.plate([name], box, across="middle", up="bottom", whole=True)
            canvas.frame(box)
        else:
            canvas.plate([name], box, across="middle", whole=True)
    title = [Line(str(scene), 26, colour=GREY)]
    if scenario:
        title = [Line(scenario.emotion, 44, bold=True), Line(scenario.relationship, 34), *title]
    bottom = Box(free, height // 2, round(width * _TITLE), height - height // 2 - free)
    canvas.plate(title, bottom, up="bottom", most=3)
    middle = Box(round(width * (1 - _SAID) / 2), height // 2, round(width * _SAID), height - height // 2 - free)
    canvas.plate([Line(said, 44)], middle, across="middle", up="bottom")
    return canvas
