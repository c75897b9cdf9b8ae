"""Writes scenarios.db and actors.db, the data set's SQLite files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from blender_addon.dataset.databases import Actor, Session

from .scenarios import EMOTIONS, RELATIONSHIPS, scenario
from .skeletons import actors, sessions

_SCENARIOS_SCHEMA = """
CREATE TABLE relationships (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE emotions (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE scenarios (
    id INTEGER PRIMARY KEY,
    relationship_id INTEGER NOT NULL REFERENCES relationships (id),
    primary_emotion_id INTEGER NOT NULL REFERENCES emotions (id),
    character_setup TEXT NOT NULL,
    scenario TEXT NOT NULL
);
"""

_ACTORS_SCHEMA = """
CREATE TABLE actors (actor_id TEXT PRIMARY KEY, gender TEXT NOT NULL);
CREATE TABLE sessions (date TEXT PRIMARY KEY, male_id TEXT NOT NULL, female_id TEXT NOT NULL);
"""


def write_scenarios(path: Path, count: int) -> None:
    """Write scenarios 1 to `count` with their relationships and emotions."""
    emotions = [entry.name for entry in EMOTIONS]
    rows = []
    for number in range(1, count + 1):
        entry = scenario(number)
        relationship = RELATIONSHIPS.index(entry.relationship) + 1
        rows.append((number, relationship, emotions.index(entry.emotion) + 1, entry.character_setup, entry.text))
    _write(
        path,
        _SCENARIOS_SCHEMA,
        {
            "INSERT INTO relationships VALUES (?, ?)": list(enumerate(RELATIONSHIPS, 1)),
            "INSERT INTO emotions VALUES (?, ?)": list(enumerate(emotions, 1)),
            "INSERT INTO scenarios VALUES (?, ?, ?, ?, ?)": rows,
        },
    )


def write_actors(path: Path, known: Iterable[Actor] | None = None, met: Iterable[Session] | None = None) -> None:
    """Write actors and sessions; without any, the seven actors and five sessions of the data set."""
    _write(
        path,
        _ACTORS_SCHEMA,
        {
            "INSERT INTO actors VALUES (?, ?)": [(actor.id, actor.gender) for actor in known or actors().values()],
            "INSERT INTO sessions VALUES (?, ?, ?)": [(s.date, s.male, s.female) for s in met or sessions()],
        },
    )


def _write(path: Path, schema: str, inserts: dict[str, list[tuple]]) -> None:
    beside = path.with_name(path.name + ".partial")
    beside.unlink(missing_ok=True)  # a fresh file: pages left from before would change its bytes
    with closing(sqlite3.connect(beside)) as database:
        database.executescript(schema)
        with database:
            for statement, rows in inserts.items():
                database.executemany(statement, rows)
    os.replace(beside, path)
