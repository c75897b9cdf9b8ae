"""Which scenes a data set has and what each is about: by the names of its files and its two databases.

A scene is what any file of a performance names; nothing is opened but the databases, so that 241 scenes are listed in
some milliseconds. Lengths are read from the heads of motions, when somebody asks for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import databases, layout
from .databases import Scenario, Session
from .errors import DatasetError
from .layout import Dataset
from .naming import NamingError, PerformanceId, SceneId
from .performance import KINDS, Performance

#: What a scenario is where scenarios.db does not have it.
_UNKNOWN = Scenario("", "", "", "", "")


@dataclass(frozen=True)
class Filter:
    """What scenes are asked for; what is empty, 0 or None asks for nothing.

    emotion, relationship: by their names, upper or lower case; actor: whoever of the two; actors: both, in either
    order; date: of the session, such as `20231119`; text: words that the scenario has, all of them, in any order, upper
    or lower case, also in what it says of the characters; min_seconds: at least so long; missing: one of KINDS that one
    of the two lacks, or `any`; male_first: `actors` names the man first.
    """

    emotion: str = ""
    relationship: str = ""
    actor: str = ""
    actors: tuple[str, str] | None = None
    date: str = ""
    text: str = ""
    min_seconds: float = 0.0
    missing: str = ""
    male_first: bool = False


@dataclass(frozen=True)
class Scene:
    """One scene: who plays it, what it is about, and which files its two performances have.

    actors: the man first, by the sessions of actors.db; by the files' names, in their order, where it has no session of
    that day. emotion, relationship, characters, text: of scenarios.db, "" where it has no such scenario; missing: what
    lacks, as (kind of KINDS, actor).
    """

    id: SceneId
    actors: tuple[str, ...]
    emotion: str
    relationship: str
    characters: str
    text: str
    missing: tuple[tuple[str, str], ...]
    dataset: Dataset = field(repr=False, compare=False)

    def __str__(self) -> str:
        return str(self.id)

    @property
    def date(self) -> str:
        """The session's day, such as `20231119`."""
        return self.id.date

    @property
    def scenario(self) -> str:
        """The scenario's number in three digits, such as `012`."""
        return self.id.scenario

    @property
    def performances(self) -> tuple[Performance, ...]:
        """What each of the actors did, in the order of `actors`."""
        return tuple(Performance(self.id.performance(actor), self.dataset) for actor in self.actors)

    @property
    def frames(self) -> int:
        """How long the longer body is, at 30 frames a second, by the heads of both motions; 0 where none says it."""
        found = [0]
        for performance in self.performances:
            with suppress(DatasetError):  # `data check` tells what is wrong with the file
                found.append(performance.frames)
        return max(found)

    @property
    def seconds(self) -> float:
        """As `frames`, in seconds."""
        return self.frames / layout.FPS


@dataclass(frozen=True)
class Pair:
    """Two actors who met on a day, and how many scenes they have of it."""

    date: str
    male: str
    female: str
    scenes: int


def scenes(dataset: Dataset, wanted: Filter = Filter()) -> list[Scene]:
    """The scenes that a filter takes, by date and scenario.

    DatasetError where a database cannot be read, and for an emotion, a relationship, an actor or a date that the data
    set does not know: a misspelt word gives no empty list.
    """
    sessions, scenarios = databases.sessions(dataset), databases.scenarios(dataset)
    _check(dataset, wanted, sessions, scenarios)
    there = files(dataset)
    cast: dict[SceneId, set[str]] = {}
    for performances in there.values():
        for performance in performances:
            cast.setdefault(performance.scene, set()).add(performance.actor)
    found = (
        _scene(dataset, name, sorted(cast[name]), sessions.get(name.date), scenarios.get(name.scenario), there)
        for name in sorted(cast)
    )
    return [scene for scene in found if _takes(wanted, scene)]


def scene(dataset: Dataset, name: SceneId) -> Scene:
    """One scene; DatasetError where no file of the data set is of it."""
    for found in scenes(dataset):
        if found.id == name:
            return found
    raise DatasetError(
        f"{name}: {dataset.root} has no file of that scene; `interact-farm data scenes` lists those that it has"
    )


def pairs(dataset: Dataset, date: str = "") -> list[Pair]:
    """Who met whom, by date: the sessions of actors.db, of one day alone if a date is given."""
    sessions = databases.sessions(dataset)
    if date and date not in sessions:
        raise _unknown("session of", date, sessions, dataset.actors_db)
    counts: dict[str, int] = {}
    for name in {performance.scene for there in files(dataset).values() for performance in there}:
        counts[name.date] = counts.get(name.date, 0) + 1
    chosen = (session for session in sessions.values() if not date or session.date == date)
    return [Pair(s.date, s.male, s.female, counts.get(s.date, 0)) for s in chosen]


def files(dataset: Dataset) -> dict[str, set[PerformanceId]]:
    """The performances that have a file, by KINDS."""
    recordings = dataset.recordings
    return {
        "motion": set(_named(dataset.bvhs_retarget, ".bvh")) | set(_named(dataset.bvhs, ".bvh")),
        "arkit": set(_named(recordings / "face_arkit", ".npy")),
        "ict": set(_named(recordings / "face_ict", ".npy")),
        "wav": set(_named(recordings / "wav", ".wav")),
    }


def _named(folder: Path, ending: str) -> Iterator[PerformanceId]:
    """The performances that files of a folder are named after; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return
    for name in names:
        if name.endswith(ending):
            with suppress(NamingError):  # a file of another name is no performance's
                yield PerformanceId.parse(name.removesuffix(ending))


def _scene(
    dataset: Dataset,
    name: SceneId,
    cast: list[str],
    session: Session | None,
    scenario: Scenario | None,
    there: Mapping[str, set[PerformanceId]],
) -> Scene:
    about = scenario or _UNKNOWN
    actors = session.actors if session else tuple(cast)
    missing = tuple((kind, actor) for actor in actors for kind in KINDS if name.performance(actor) not in there[kind])
    return Scene(name, actors, about.emotion, about.relationship, about.characters, about.text, missing, dataset)


def _takes(wanted: Filter, scene: Scene) -> bool:
    words = f"{scene.text} {scene.characters}".lower()
    kinds = {kind for kind, _ in scene.missing}
    both = scene.actors if wanted.male_first else tuple(sorted(scene.actors))
    asked = wanted.actors if wanted.male_first or not wanted.actors else tuple(sorted(wanted.actors))
    return (
        (not wanted.emotion or scene.emotion.lower() == wanted.emotion.lower())
        and (not wanted.relationship or scene.relationship.lower() == wanted.relationship.lower())
        and (not wanted.actor or wanted.actor in scene.actors)
        and (not asked or both == asked)
        and (not wanted.date or scene.date == wanted.date)
        and all(word in words for word in wanted.text.lower().split())
        and (not wanted.missing or wanted.missing in kinds or (wanted.missing == "any" and bool(kinds)))
        # Last, for this opens files.
        and (not wanted.min_seconds or scene.seconds >= wanted.min_seconds)
    )


def _check(
    dataset: Dataset, wanted: Filter, sessions: Mapping[str, Session], scenarios: Mapping[str, Scenario]
) -> None:
    emotions = {scenario.emotion.lower(): scenario.emotion for scenario in scenarios.values()}
    relationships = {scenario.relationship.lower(): scenario.relationship for scenario in scenarios.values()}
    if wanted.emotion and wanted.emotion.lower() not in emotions:
        raise _unknown("emotion", wanted.emotion, set(emotions.values()), dataset.scenarios_db)
    if wanted.relationship and wanted.relationship.lower() not in relationships:
        raise _unknown("relationship", wanted.relationship, set(relationships.values()), dataset.scenarios_db)
    actors = {actor for session in sessions.values() for actor in session.actors}
    for actor in filter(None, (wanted.actor, *(wanted.actors or ()))):
        if actor not in actors:
            raise _unknown("actor", actor, actors, dataset.actors_db)
    if wanted.date and wanted.date not in sessions:
        raise _unknown("session of", wanted.date, sessions, dataset.actors_db)
    if wanted.missing not in ("", "any", *KINDS):
        raise DatasetError(f"{wanted.missing!r} is no kind of file: ask for one of {', '.join(KINDS)} or any")


def _unknown(what: str, name: str, known: Mapping[str, object] | set[str], path: Path) -> DatasetError:
    listed = ", ".join(sorted(filter(None, known))) or "none"
    return DatasetError(f"there is no {what} {name} in {path}; it has {listed}")
