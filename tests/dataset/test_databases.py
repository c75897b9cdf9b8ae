"""The two databases: read whatever type their ids have, never written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from blender_addon.dataset import databases
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId

ACTORS = "CREATE TABLE actors (actor_id, gender)"
SESSIONS = "CREATE TABLE sessions (date, male_id, female_id)"


def write(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for sql, *rows in statements:
            db.executemany(sql, rows) if "?" in sql else db.execute(sql)
        db.commit()


def write_actors(path, actors, sessions):
    write(
        path,
        (ACTORS,),
        (SESSIONS,),
        ("INSERT INTO actors VALUES (?, ?)", *actors),
        ("INSERT INTO sessions VALUES (?, ?, ?)", *sessions),
    )


def write_scenarios(path, rows):
    write(
        path,
        ("CREATE TABLE relationships (id, name)",),
        ("CREATE TABLE emotions (id, name)",),
        ("CREATE TABLE scenarios (id, relationship_id, primary_emotion_id, character_setup, scenario)",),
        ("INSERT INTO relationships VALUES (?, ?)", (1, "friends")),
        ("INSERT INTO emotions VALUES (?, ?)", (7, "joy")),
        ("INSERT INTO scenarios VALUES (?, ?, ?, ?, ?)", *rows),
    )


@pytest.fixture
def data(tmp_path):
    return Dataset(tmp_path)


@pytest.mark.parametrize(
    ("actors", "sessions"),
    [
        ([("001", "male"), ("002", "Female")], [("20231119", "001", "002")]),
        ([(1, "male"), (2, "FEMALE")], [(20231119, 1, 2)]),
        ([("1", "male"), (" 2 ", "female")], [("20231119", 1, "02")]),
    ],
)
def test_ids_are_the_same_as_text_and_as_integers(data, actors, sessions):
    write_actors(data.actors_db, actors, sessions)
    assert databases.actors(data) == {
        "001": databases.Actor("001", "male"),
        "002": databases.Actor("002", "female"),
    }
    assert databases.sessions(data) == {"20231119": databases.Session("20231119", "001", "002")}
    assert databases.session_of(data, SceneId("20231119", "012")).actors == ("001", "002")


def test_somebody_may_have_been_recorded_alone(data):
    write_actors(data.actors_db, [("001", "male")], [("20231119", "001", "")])

    assert databases.session_of(data, SceneId("20231119", "001")).actors == ("001",)


def test_a_session_of_nobody_is_none(data):
    write_actors(data.actors_db, [], [("20231119", "", "")])

    with pytest.raises(DatasetError, match="the session of 20231119 has no actors"):
        databases.sessions(data)


def test_a_date_without_session_is_told_with_the_dates_that_have_one(data):
    write_actors(data.actors_db, [], [("20231119", "001", "002"), ("20240126", "006", "008")])
    with pytest.raises(DatasetError, match=r"20250101_001: there is no session of 20250101 .*20231119, 20240126"):
        databases.session_of(data, SceneId("20250101", "001"))


@pytest.mark.parametrize("number", [12, "012", "12"])
def test_a_scenario_has_the_names_of_its_relationship_and_emotion(data, number):
    write_scenarios(data.scenarios_db, [(number, 1, 7, "a cook and a guest", "The soup is cold.")])
    assert databases.scenarios(data) == {
        "012": databases.Scenario("012", "friends", "joy", "a cook and a guest", "The soup is cold.")
    }


def test_a_scenario_without_relationship_or_text_is_still_there(data):
    write_scenarios(data.scenarios_db, [(1, None, 99, None, None)])
    assert databases.scenarios(data) == {"001": databases.Scenario("001", "", "", "", "")}


@pytest.mark.parametrize("hostile", ["../x", "..", "1/2", "0001", "", None, -1, 1.5, b"001", "٠٠١", "1 2"])
def test_hostile_actor_ids_are_refused(data, hostile):
    if hostile == "":
        hostile = "\n/"
    write_actors(data.actors_db, [(hostile, "male")], [("20231119", hostile, "002")])
    for query in (databases.actors, databases.sessions):
        with pytest.raises(DatasetError, match=r"actors\.db.*is no id of 3 digits"):
            query(data)


@pytest.mark.parametrize("hostile", ["../../20231119", "2023-11-19", "202311190"])
def test_hostile_dates_are_refused(data, hostile):
    write_actors(data.actors_db, [], [(hostile, "001", "002")])
    with pytest.raises(DatasetError, match="is no id of 8 digits"):
        databases.sessions(data)


def test_hostile_scenario_numbers_are_refused(data):
    write_scenarios(data.scenarios_db, [("../x", 1, 7, "", "")])
    with pytest.raises(DatasetError, match=r"scenarios\.db.*is no id of 3 digits"):
        databases.scenarios(data)


QUERIES = [
    (databases.actors, "actors.db"),
    (databases.sessions, "actors.db"),
    (databases.scenarios, "scenarios.db"),
]


@pytest.mark.parametrize(("query", "name"), QUERIES)
def test_a_missing_file_is_named(data, query, name):
    with pytest.raises(DatasetError, match=f"{name}: no such file"):
        query(data)
    assert not (data.root / name).exists()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(range(256)) * 20])
@pytest.mark.parametrize(("query", "name"), QUERIES)
def test_a_corrupt_file_is_named(data, query, name, content):
    (data.root / name).write_bytes(content)
    with pytest.raises(DatasetError, match=f"{name}: cannot be read"):
        query(data)


@pytest.mark.parametrize(("query", "name"), QUERIES)
@pytest.mark.parametrize("content", [b"", None])
def test_a_missing_table_is_told(data, query, name, content):
    path = data.root / name
    if content is None:
        write(path, ("CREATE TABLE other (x)",))
    else:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=f"{name}: cannot be read.*no such table"):
        query(data)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_read_only_folder_stays_as_it_is(data, mode):
    write_actors(data.actors_db, [("001", "male")], [("20231119", "001", "002")])
    write_scenarios(data.scenarios_db, [(1, 1, 7, "", "")])
    for path in (data.actors_db, data.scenarios_db):
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA journal_mode={mode}").fetchall()
        path.chmod(0o444)
    data.root.chmod(0o555)
    try:
        before = {path.name: path.read_bytes() for path in data.root.iterdir()}
        assert set(before) == {"actors.db", "scenarios.db"}
        for query, _ in QUERIES:
            assert query(data)
        assert {path.name: path.read_bytes() for path in data.root.iterdir()} == before
    finally:
        data.root.chmod(0o755)


def test_a_path_with_marks_of_a_web_address_is_a_path(tmp_path):
    data = Dataset(tmp_path / "100% ?a=b #1 ä")
    data.root.mkdir()
    write_actors(data.actors_db, [("001", "male")], [])
    assert list(databases.actors(data)) == ["001"]
