"""A job as a list to choose from, and a data set in a few numbers: quickly, by names, databases and heads of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import bvh, databases, jobs, layout, lengths
from .errors import DatasetError
from .layout import Dataset
from .naming import PerformanceId, SceneId


@dataclass(frozen=True)
class Entry:
    """One scene or face of a job: its line, who plays, what it is about, its seconds by the heads of its files.

    name: the line's text where `id` is None; problem: why it cannot be rendered, as far as that is seen so quickly;
    seconds: 0 where it has one.
    """

    line: int
    name: str
    id: SceneId | PerformanceId | None
    actors: tuple[str, ...] = ()
    emotion: str = ""
    seconds: float = 0.0
    problem: str = ""


def entries(dataset: Dataset | None, job: jobs.Job) -> tuple[list[Entry], list[str]]:
    """What a job lists, each once, and the lines that name nothing; and what is wrong with all of them, if anything.

    dataset: None for ids alone.
    """
    problems: list[str] = []
    sessions: Mapping[str, databases.Session] = {}
    scenarios: Mapping[str, databases.Scenario] = {}
    if dataset is not None:
        try:
            sessions = databases.sessions(dataset)
            scenarios = {} if dataset.subset else databases.scenarios(dataset)
        except DatasetError as error:
            problems.append(str(error))
    found: dict[object, Entry] = {}
    for line in job.lines:
        if line.id is None:
            found[line.number] = Entry(line.number, line.text, None, problem=line.problem)
        elif line.id not in found:
            found[line.id] = _entry(dataset, line.number, line.id, sessions, scenarios)
    return list(found.values()), problems


def _entry(
    dataset: Dataset | None,
    number: int,
    name: SceneId | PerformanceId,
    sessions: Mapping[str, databases.Session],
    scenarios: Mapping[str, databases.Scenario],
) -> Entry:
    if dataset is None:
        return Entry(number, str(name), name)
    emotion = scenarios[name.scenario].emotion if name.scenario in scenarios else ""
    actors: tuple[str, ...] = ()
    try:
        if isinstance(name, PerformanceId):
            actors = (name.actor,)
            frames = lengths.of_face(dataset, name)
        elif name.date not in sessions:
            raise DatasetError(f"{name}: there is no session of {name.date} in {dataset.actors_db}")
        else:
            actors = sessions[name.date].actors
            heads = [bvh.read_declared(dataset.motion(name.performance(actor))) for actor in actors]
            frames = max(bvh.resampled_length(count, frame_time, layout.FPS) for count, frame_time in heads)
    except DatasetError as error:
        return Entry(number, str(name), name, actors, emotion, problem=str(error))
    return Entry(number, str(name), name, actors, emotion, frames / layout.FPS)


def summary(dataset: Dataset) -> list[str]:
    """What a data set has, a short line each: motions, faces, voices, actors. Reads folders and databases."""
    lines = []
    if not dataset.subset:
        motions = {path.name for folder in (dataset.bvhs_retarget, dataset.bvhs) for path in folder.glob("*.bvh")}
        lines.append(f"{_count(len(motions), 'motion')} of {_count(len({_scene(name) for name in motions}), 'scene')}")
    faces = [sum(1 for _ in (dataset.recordings / name).glob("*.npy")) for name in ("face_arkit", "face_ict")]
    voices = sum(1 for _ in (dataset.recordings / "wav").glob("*.wav"))
    lines.append(f"{faces[0]} ARKit and {faces[1]} ICT faces, {_count(voices, 'voice')}")
    try:
        lines.append(_count(len(databases.actors(dataset)), "actor"))
    except DatasetError as error:
        lines.append(str(error))
    return lines


def _scene(name: str) -> tuple[str, str]:
    """Date and scenario of a file of a performance."""
    date, _, rest = name.partition("_")
    return date, rest.rpartition("_")[2]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
