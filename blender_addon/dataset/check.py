"""What each line of a job file names, and what of it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import blendshapes, databases, jobs, layout, lengths, wav
from .errors import DatasetError
from .layout import Dataset
from .naming import PerformanceId, SceneId


@dataclass(frozen=True)
class LineReport:
    """One line: what it names, how long that is, what keeps it from being rendered, and what is less than whole."""

    number: int
    text: str
    actors: tuple[str, ...] = ()
    emotion: str = ""
    frames: int = 0
    problem: str = ""
    missing: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return self.frames / layout.FPS


@dataclass(frozen=True)
class JobReport:
    """A job file checked: a report for every naming line, and notices about the file itself."""

    lines: tuple[LineReport, ...]
    notices: tuple[str, ...]

    @property
    def problems(self) -> int:
        return sum(1 for line in self.lines if line.problem)


def check_job(job: Path, data: Path, subset: str = "") -> JobReport:
    """Look at every scene, or every face, that a job file lists; subset: as of Dataset, which has faces only."""
    dataset = Dataset.at(data, subset)
    listed = read(job, subset)
    notices = list(listed.notices)
    return JobReport(tuple(check_lines(dataset, listed, notices)), tuple(notices))


def check_lines(dataset: Dataset, listed: jobs.Job, notices: list[str]) -> Iterator[LineReport]:
    """Look at the lines of a job one after another; `notices` gets what is about all of them, before the first."""
    scenarios = {}
    try:
        scenarios = {} if dataset.subset else databases.scenarios(dataset)
    except DatasetError as error:
        notices.append(str(error))
    for line in listed.lines:
        yield _check_line(dataset, line, scenarios)


def frames(job: Path, data: Path, subset: str = "") -> list[tuple[SceneId | PerformanceId, int]]:
    """Every scene, or face, of a job file with its frames, for sharing out work; subset: as of Dataset.

    DatasetError at the first that has none.
    """
    dataset = Dataset.at(data, subset)
    listed = read(job, subset)
    if listed.problems:
        raise DatasetError(listed.problems[0])
    return [(name, lengths.of(dataset, name)) for name in listed.ids]


def read(job: Path, subset: str) -> jobs.Job:
    """A job of scenes, or of faces where more of its lines name those or a subset is meant."""
    faces = jobs.read(job, PerformanceId)
    if subset:
        return faces
    scenes = jobs.read(job, SceneId)
    return faces if len(faces.ids) > len(scenes.ids) else scenes


def _check_line(dataset: Dataset, line: jobs.Line, scenarios: dict[str, databases.Scenario]) -> LineReport:
    if line.id is None:
        return LineReport(line.number, line.text, problem=line.problem)
    if isinstance(line.id, PerformanceId):
        return _check_face(dataset, line.number, line.id, scenarios)
    scene = line.id
    emotion = scenarios[scene.scenario].emotion if scene.scenario in scenarios else ""
    try:
        actors = databases.session_of(dataset, scene).actors
        known = databases.actors(dataset)
    except DatasetError as error:
        return LineReport(line.number, str(scene), emotion=emotion, problem=str(error))
    missing = [
        f"actors.db has actor {actor} as {known[actor].gender} and its session as {gender}"
        for actor, gender in zip(actors, ("male", "female"), strict=True)
        if actor in known and known[actor].gender != gender
    ]
    if scenarios and scene.scenario not in scenarios:
        missing.append(f"scenarios.db has no scenario {scene.scenario}")
    for actor in actors:
        missing += _less_than_whole(dataset, scene, actor)
    try:
        frames = lengths.of(dataset, scene)
    except DatasetError as error:
        return LineReport(line.number, str(scene), actors, emotion, 0, str(error), tuple(missing))
    missing += _other_lengths(dataset, scene, actors, frames)
    return LineReport(line.number, str(scene), actors, emotion, frames, "", tuple(missing))


def _check_face(
    dataset: Dataset, number: int, face: PerformanceId, scenarios: dict[str, databases.Scenario]
) -> LineReport:
    emotion = scenarios[face.scenario].emotion if face.scenario in scenarios else ""
    try:
        lengths.of_face(dataset, face)
        frames = len(blendshapes.load_any(dataset.face_weights(face)))
    except DatasetError as error:
        known = " (known to the data set's authors)" if _is_erratum(dataset, face) else ""
        return LineReport(number, str(face), (face.actor,), emotion, problem=f"{error}{known}")
    missing = _broken_wav(dataset.wav(face))
    with suppress(DatasetError):  # told of above
        length = round(wav.read(dataset.wav(face)).seconds * layout.FPS)
        if length != frames:
            missing.append(f"wav has {length} of {frames} frames")
    return LineReport(number, str(face), (face.actor,), emotion, frames, "", tuple(missing))


def _other_lengths(dataset: Dataset, scene: SceneId, actors: Sequence[str], frames: int) -> list[str]:
    """Tracks that are not as long as the scene, which rendering holds, cuts or pads."""
    found = []
    for performance in map(scene.performance, actors):
        tracks = {"body": lengths.of_motion(dataset.motion(performance))}
        with suppress(DatasetError):  # told of above
            tracks["face"] = len(blendshapes.load_arkit(dataset.face_arkit(performance)))
        with suppress(DatasetError):
            tracks["wav"] = round(wav.read(dataset.wav(performance)).seconds * layout.FPS)
        found += [
            f"actor {performance.actor}: {kind} has {length} of {frames} frames"
            for kind, length in tracks.items()
            if length != frames
        ]
    return found


def _less_than_whole(dataset: Dataset, scene: SceneId, actor: str) -> list[str]:
    performance = scene.performance(actor)
    found = []
    face = dataset.face_arkit(performance)
    if not face.exists():
        known = " (known to the data set's authors)" if _is_erratum(dataset, performance) else ""
        found.append(f"face_arkit/{face.name} is missing{known}")
    else:
        try:
            blendshapes.load_arkit(face)
        except DatasetError as error:
            found.append(str(error))
    return found + _broken_wav(dataset.wav(performance))


def _is_erratum(dataset: Dataset, performance: PerformanceId) -> bool:
    return not dataset.subset and performance in layout.ERRATA_WITHOUT_FACE


def _broken_wav(path: Path) -> list[str]:
    if not path.exists():
        return [f"wav/{path.name} is missing"]
    try:
        wav.read(path)
    except DatasetError as error:
        return [str(error)]
    return []
