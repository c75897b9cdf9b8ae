"""Checks the databases against themselves and against the files that are there, and which files are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .. import databases, layout
from ..databases import Actor, Scenario, Session
from ..errors import DatasetError
from ..layout import Dataset
from ..naming import PerformanceId, SceneId
from . import findings
from .facts import said
from .findings import Finding
from .inventory import ARKIT, ICT, Inventory, face_templates

_ACTORS, _SCENARIOS = "actors.db", "scenarios.db"


@dataclass
class Rows:
    """What the databases hold; None for what cannot be read, which is told once.

    casts: who plays on each date; nobody where the rows do not agree.
    """

    scenarios: Mapping[str, Scenario] | None = None
    casts: dict[str, set[str]] | None = None
    found: list[Finding] = field(default_factory=list)


def read(dataset: Dataset) -> Rows:
    """Both databases, and whether their rows agree."""
    rows = Rows()
    try:
        actors, sessions = databases.actors(dataset), databases.sessions(dataset)
        twice, doubled = databases.repeated(dataset)
    except DatasetError as error:
        rows.found.append(Finding(findings.DATABASE, _ACTORS, said(error, dataset.actors_db)))
    else:
        rows.casts = {date: set() if date in doubled else set(own.actors) for date, own in sessions.items()}
        for actor in twice:
            rows.found.append(Finding(findings.ACTOR_TWICE, _ACTORS, f"has more rows than one of actor {actor}"))
        for date in doubled:
            rows.found.append(Finding(findings.SESSION_TWICE, _ACTORS, f"has more sessions than one of {date}"))
        rows.found += _cast_findings(actors, sessions)
    try:
        rows.scenarios = databases.scenarios(dataset)
    except DatasetError as error:
        rows.found.append(Finding(findings.DATABASE, _SCENARIOS, said(error, dataset.scenarios_db)))
    for scenario in (rows.scenarios or {}).values():
        lacks = [name for name in ("emotion", "relationship", "text") if not getattr(scenario, name)]
        if lacks:
            text = f"has no {' and no '.join(lacks)} for scenario {scenario.id}"
            rows.found.append(Finding(findings.UNTOLD, _SCENARIOS, text))
    return rows


def _cast_findings(actors: Mapping[str, Actor], sessions: Mapping[str, Session]) -> Iterable[Finding]:
    """One finding for an actor, however many sessions he has."""
    unknown: dict[str, list[str]] = defaultdict(list)
    wrong: dict[tuple[str, str], list[str]] = defaultdict(list)
    for session in sessions.values():
        for actor, gender in ((session.male, "male"), (session.female, "female")):
            if actor and actor not in actors:
                unknown[actor].append(session.date)
            elif actor and actors[actor].gender != gender:
                wrong[actor, gender].append(session.date)
    for actor, dates in unknown.items():
        text = f"has no row for actor {actor}, who plays in the session of {', '.join(dates)}"
        yield Finding(findings.NO_ACTOR_ROW, _ACTORS, text)
    for (actor, gender), dates in wrong.items():
        own = actors[actor].gender
        text = f"has actor {actor} as {own}, and as {gender} in the session of {', '.join(dates)}"
        yield Finding(findings.GENDER, _ACTORS, text)


def compare(dataset: Dataset, rows: Rows, scenes: Inventory) -> Iterable[Finding]:
    """Rows that files need and that are missing, files that rows need and that are missing."""
    by_scene = _present(scenes)
    if rows.scenarios is not None:
        for scenario in sorted({scene.scenario for scene in by_scene} - set(rows.scenarios)):
            count = sum(scene.scenario == scenario for scene in by_scene)
            text = f"has no scenario {scenario}, which {_counted(count, 'scene')} of the files played"
            yield Finding(findings.NO_SCENARIO, _SCENARIOS, text)
    if rows.casts is not None:
        for date in sorted({scene.date for scene in by_scene} - set(rows.casts)):
            yield Finding(findings.NO_SESSION, _ACTORS, f"has no session of {date}, of which there are files")
        yield from _outsiders(rows.casts, scenes)
    for scene, present in sorted(by_scene.items()):
        yield from _missing(scene, present, _cast(scene, present, rows), scenes)
    yield from _templates(dataset, scenes)


def expected(rows: Rows, scenes: Inventory) -> set[PerformanceId]:
    """What should be there of the scenes of which there is something: both actors' parts."""
    present = _present(scenes)
    return {scene.performance(actor) for scene, own in present.items() for actor in _cast(scene, own, rows)}


def _present(scenes: Inventory) -> dict[SceneId, set[str]]:
    """The actors of whom a scene has any file."""
    by_scene: dict[SceneId, set[str]] = defaultdict(set)
    for performance in scenes.performances:
        by_scene[performance.scene].add(performance.actor)
    return by_scene


def _cast(scene: SceneId, present: set[str], rows: Rows) -> set[str]:
    """Who should be there: the session's two; where no session tells, those who are."""
    return (rows.casts or {}).get(scene.date) or present


def _outsiders(casts: Mapping[str, set[str]], scenes: Inventory) -> Iterable[Finding]:
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in scenes.all_files:
        date, actor = file.performance.date, file.performance.actor
        if casts.get(date) and actor not in casts[date]:
            files[date, actor].append(file.name)
    for (date, actor), names in sorted(files.items()):
        others = " and ".join(sorted(casts[date]))
        more = f"; so do {_counted(len(names) - 1, 'other file')}" if len(names) > 1 else ""
        text = f"names actor {actor}, and in the session of {date} are {others}{more}"
        yield Finding(findings.NOT_OF_SESSION, min(names), text)


def _missing(scene: SceneId, present: set[str], cast: set[str], scenes: Inventory) -> Iterable[Finding]:
    nobody = not present <= cast  # somebody else's files are there in his place, which is told
    kinds = [kind for kind in scenes.files if kind not in scenes.absent]
    for actor in sorted(cast):
        performance = scene.performance(actor)
        if actor not in present:
            if not nobody:
                folder = kinds[0].folder if kinds else "."
                name = f"{folder}/{performance}{kinds[0].suffix if kinds else ''}"
                yield Finding(findings.NO_ACTOR, name, "is missing, and so is all else of this actor in this scene")
            continue
        lacking = [kind for kind in kinds if performance not in scenes.files[kind]]
        if performance in layout.ERRATA_WITHOUT_FACE:
            faces = [kind for kind in lacking if kind in (ARKIT, ICT)]
            lacking = [kind for kind in lacking if kind not in faces]
            if faces:
                name = f"{faces[0].folder}/{performance}{faces[0].suffix}"
                yield Finding(findings.ERRATUM, name, "is missing, as the data set's authors have published")
        for kind in lacking:
            yield Finding(kind.missing, f"{kind.folder}/{performance}{kind.suffix}", "is missing")


def missing_in_subset(subset: str, taken: Inventory) -> Iterable[Finding]:
    """Files that a subset's other kinds have."""
    kinds = [kind for kind in taken.files if kind not in taken.absent]
    for performance in sorted(taken.performances):
        for kind in kinds:
            if performance not in taken.files[kind]:
                name = f"{subset}/{kind.folder}/{performance}{kind.suffix}"
                yield Finding(kind.missing, name, "is missing")


def _templates(dataset: Dataset, scenes: Inventory) -> Iterable[Finding]:
    there = face_templates(dataset.root)
    faces: set[PerformanceId] = set(scenes.files[ICT])
    for actor in sorted({face.actor for face in faces} - there) if there else ():
        yield Finding(findings.NO_TEMPLATE, f"face_ict_templates/{actor}.obj", "is missing, others have theirs")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
