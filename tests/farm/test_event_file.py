"""What workers tell, and what is no event: half lines, other bytes, files that were deleted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from blender_addon.dataset import events
from farm.executors import event_file
from farm.executors.event_file import NONSENSE, EventFile

from .standin import line_of
from .test_schedule import Farm, problems

FRAME = {"event": "frame", "id": "a", "frame": 1}
RENDERED = {"event": "rendered", "id": "a", "load_seconds": 0.5, "render_seconds": 1}


def append(path: Path, content: bytes) -> None:
    with open(path, "ab") as file:
        file.write(content)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"event": "frame", "id": "a", "fra',
        b"\x00\xff\xfe" * 9,
        b"[1]",
        b"null",
        b"[" * 100_000,
        b"1" * 10_000,
        b"{}",
        b'{"event": ["frame"]}',
        b'{"event": "dance"}',
        b'{"event": "frame", "id": "a"}',
        b'{"event": "frame", "id": 3, "frame": 1}',
        b'{"event": "frame", "id": "a", "frame": true}',
        b'{"event": "rendered", "id": "a", "load_seconds": 0, "render_seconds": NaN}',
        b'{"event": "rendered", "id": "a", "load_seconds": 0, "render_seconds": 1e999}',
        b'{"event": "rendered", "id": "a", "load_seconds": -1, "render_seconds": 1}',
        b'{"event": "rendered", "id": "a", "load_seconds": "0", "render_seconds": 1}',
        b'{"event": "composited", "id": "a", "notices": [1]}',
        b'{"event": "failed", "id": "a", "error": null, "bad_input": false}',
    ],
)
def test_what_is_no_event(line):
    assert events.parse_line(line) is None


def test_an_event_is_as_it_was_told_and_can_be_written_as_text():
    assert events.parse_line(json.dumps(RENDERED | {"engine": "CYCLES"}).encode()) == RENDERED | {"engine": "CYCLES"}
    told = {"event": "failed", "id": "a", "error": "caf\udce9.npy: \U0001f600", "bad_input": True}
    assert events.parse_line(json.dumps(told).encode())["error"] == "caf?.npy: \U0001f600"


def test_lines_are_heard_once_they_are_whole_and_nonsense_is_told_once(tmp_path):
    file = EventFile(tmp_path / "e.jsonl")
    line = line_of(FRAME)
    append(file.path, line + line[:9])
    assert file.new() == [FRAME]
    append(file.path, line[9:] + b"\x00\xff\n" + line + b"half\n")
    told = file.new()
    assert [event for event in told if event["event"] != NONSENSE] == [FRAME, FRAME]
    assert len(told) == 3
    append(file.path, b"more\n" + line)
    assert file.new() == [FRAME]
    assert file.new() == []


def test_a_line_without_end_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(event_file, "_BLOCK", 1000)
    file = EventFile(tmp_path / "e.jsonl")
    line = line_of(FRAME)
    append(file.path, b"x" * 12_345 + b"\n" + line * 200 + line[:5])
    told = file.new()
    assert told[0]["event"] == NONSENSE
    assert told[1:] == [FRAME] * 200
    append(file.path, line[5:])
    assert file.new() == [FRAME]


def test_whoever_deletes_or_empties_the_file_does_not_end_the_run(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    file = EventFile(folder / "e.jsonl")
    with open(file.path, "ab", buffering=0) as worker:
        worker.write(line_of(FRAME) * 2)
        assert len(file.new()) == 2
        shutil.rmtree(folder)
        assert file.new() == []
        worker.write(line_of(RENDERED))
        assert file.new() == [RENDERED]
    folder.mkdir()
    append(file.path, line_of(FRAME))  # by a worker that begins only now
    assert file.new() == [FRAME]
    file.path.write_bytes(b"")
    assert file.new() == []
    append(file.path, line_of(RENDERED))
    assert file.new() == [RENDERED]
    file.close()
    assert file.new() == []


def attempts(farm: Farm) -> list[tuple]:
    return farm.rows("SELECT task, first, last, outcome FROM attempts ORDER BY id")


def test_a_worker_that_tells_nonsense_does_not_end_the_run(tmp_path):
    nonsense = [b"\x00\xff\n", b"[]\n", b'{"event": "rendered"}\n', line_of(RENDERED), line_of(FRAME | {"id": "b"})]

    def tells(event):
        return b"".join(nonsense) + line_of(event) if event["event"] == "frame" else line_of(event)

    farm = Farm(tmp_path, {"001": 40, "002": 40}, 2, frame=lambda scene, frame: 1.0, tells=tells)
    assert problems(farm.execute()) == {}
    assert [row[3] for row in attempts(farm)] == ["done"] * 8
    assert len(farm.notes("no event")) == 2  # one for each worker
    assert farm.notes("worker died") == []


def test_a_chunk_that_is_whole_though_its_worker_died_before_it_said_so_is_not_rendered_again(tmp_path):
    lost = {"20231119_001:11-20", "20231119_002:1-10"}

    def tells(event):
        return None if event["event"] == "rendered" and event["id"] in lost else line_of(event)

    farm = Farm(tmp_path, {"001": 40, "002": 40}, 2, frame=lambda scene, frame: 1.0, tells=tells)
    assert problems(farm.execute()) == {}
    assert [row[3] for row in attempts(farm)] == ["done"] * 8
    assert len(farm.notes("worker died")) == 2
    did = [it for worker in farm.executor.all for it in worker.did]
    assert len(did) == len(set(did)) == 8


def test_a_worker_that_begins_another_chunk_is_done_with_the_one_before(tmp_path):
    """The line that says so was lost, as on a disk that is full for a moment."""

    def tells(event):
        return b'{"event": "rend\n' if event.get("id") == "20231119_001:11-20" else line_of(event)

    farm = Farm(tmp_path, {"001": 40}, 1, frame=lambda scene, frame: 1.0, tells=tells)
    assert problems(farm.execute()) == {}
    assert [row[3] for row in attempts(farm)] == ["done"] * 4
    assert farm.executor.clock.now < 60
    assert len(farm.executor.all) == 1
