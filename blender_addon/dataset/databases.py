"""scenarios.db and actors.db: what a scene is about, who the actors are, who met on which date. Read-only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError
from .layout import Dataset
from .naming import SceneId


@dataclass(frozen=True)
class Actor:
    """One of the actors; gender is `male` or `female`."""

    id: str
    gender: str


@dataclass(frozen=True)
class Session:
    """A recording day: the two actors of all its scenes; one of them is "" where somebody was recorded alone."""

    date: str
    male: str
    female: str

    @property
    def actors(self) -> tuple[str, ...]:
        """Both actors, male first, the order of sound channels and tables; or the one who was recorded alone."""
        return tuple(actor for actor in (self.male, self.female) if actor)


@dataclass(frozen=True)
class Scenario:
    """What the actors were asked to play."""

    id: str
    relationship: str
    emotion: str
    characters: str
    text: str


def actors(dataset: Dataset) -> dict[str, Actor]:
    """All actors by id."""
    path = dataset.actors_db
    rows = _query(path, "SELECT actor_id, gender FROM actors ORDER BY actor_id")
    found = [Actor(_number(path, actor, 3), str(gender).lower()) for actor, gender in rows]
    return {actor.id: actor for actor in found}


def sessions(dataset: Dataset) -> dict[str, Session]:
    """All sessions by date."""
    path = dataset.actors_db
    rows = _query(path, "SELECT date, male_id, female_id FROM sessions ORDER BY date")
    found = [
        Session(_number(path, date, 8), *("" if actor == "" else _number(path, actor, 3) for actor in both))
        for date, *both in rows
    ]
    empty = next((session.date for session in found if not session.actors), "")
    if empty:
        raise DatasetError(f"{path}: the session of {empty} has no actors")
    return {session.date: session for session in found}


def scenarios(dataset: Dataset) -> dict[str, Scenario]:
    """All scenarios by id (three digits, as in scene ids)."""
    rows = _query(
        dataset.scenarios_db,
        "SELECT s.id, r.name, e.name, s.character_setup, s.scenario FROM scenarios s "
        "LEFT JOIN relationships r ON r.id = s.relationship_id "
        "LEFT JOIN emotions e ON e.id = s.primary_emotion_id ORDER BY s.id",
    )
    path = dataset.scenarios_db
    found = [Scenario(_number(path, row[0], 3), *(str(text or "") for text in row[1:])) for row in rows]
    return {scenario.id: scenario for scenario in found}


def session_of(dataset: Dataset, scene: SceneId) -> Session:
    """The session that a scene belongs to; DatasetError where its date is not in actors.db."""
    known = sessions(dataset)
    if scene.date not in known:
        raise DatasetError(
            f"{scene}: there is no session of {scene.date} in {dataset.actors_db}; it has {', '.join(known) or 'none'}"
        )
    return known[scene.date]


def emotion_of(dataset: Dataset, scene: SceneId) -> str:
    """The primary emotion of a scene's scenario; DatasetError where scenarios.db has no such scenario.

    A subset's recordings play no scenario: theirs is "".
    """
    if dataset.subset:
        return ""
    known = scenarios(dataset)
    if scene.scenario not in known:
        raise DatasetError(f"{scene}: {dataset.scenarios_db} has no scenario {scene.scenario}")
    return known[scene.scenario].emotion


def _number(path: Path, value: object, digits: int) -> str:
    """Ids are text in some copies of the databases and numbers in others: 1 and "001" are one actor."""
    text = str(value).strip().zfill(digits)
    if not (text.isascii() and text.isdigit() and len(text) == digits):
        raise DatasetError(f"{path}: {value!r} is no id of {digits} digits")
    return text


def _query(path: Path, sql: str) -> list[tuple]:
    if not path.is_file():
        raise DatasetError(f"{path}: no such file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        raise DatasetError(f"{path}: cannot be read as the data set's database ({error})") from error
