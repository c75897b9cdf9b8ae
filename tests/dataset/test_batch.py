"""Lines of a batch: what a driver writes a worker reads, and nothing else."""

from __future__ import annotations

import json

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.errors import DatasetError

REQUESTS = [
    batch.RenderChunk("c1", "/data", "a.blend", "20231119_012", 1, 300, "out.mkv"),
    batch.RenderChunk("c2", "d ä", "", "20231119_012", 7, 7, "o", batch.Look("cycles", (640, 360), 16)),
    batch.RenderChunk("c3", "d", "t", "s", 1, 2, 'line\nbreak \u2028 \\ "', batch.Look("auto")),
    batch.RenderChunk("c4", "d", "t", "s", 1, 2, "o.mkv", batch.Look(pin_feet=True)),
    batch.SaveComposite("s1", "/data", "a.blend", "20231119_012", "out.blend"),
    batch.SaveComposite("s2", "/data", "a.blend", "20231119_012", "out.blend", pin_feet=True, report=True),
    batch.MakeTemplate("t1", "/data", "out.blend"),
    batch.MakeTemplate("t2", "/data", "out.blend", "/people", "ict"),
    batch.TryEngine("e1", "eevee", "try.png"),
    batch.End(),
    batch.End("last"),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_every_request_comes_back_as_it_was(request_):
    line = batch.to_line(request_)
    assert "\n" not in line
    assert batch.parse_line(line) == request_
    assert batch.parse_line(line + "\r\n") == request_


@pytest.mark.parametrize("request_", REQUESTS)
def test_only_the_end_is_the_end(request_):
    assert batch.is_end(batch.to_line(request_)) == isinstance(request_, batch.End)


@pytest.mark.parametrize("line", ["", "end", "[]", '"end"', '{"do": "render"', '{"do": ["end"]}', "null"])
def test_what_is_no_request_is_no_end(line):
    assert not batch.is_end(line)


def test_a_chunk_counts_both_its_ends():
    assert REQUESTS[0].frames == 300
    assert REQUESTS[1].frames == 1


def changed(**values):
    content = json.loads(batch.to_line(REQUESTS[1]))
    content |= values
    return json.dumps({name: value for name, value in content.items() if value is not ...})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not JSON",
        "{",
        "[]",
        "null",
        "3",
        '"render"',
        "{}",
        '{"do": "render"}',
        '{"do": "fly", "id": "x"}',
        '{"do": ["end"], "id": ""}',
        '{"do": null}',
        '{"do": "end"}',
        '{"do": "end", "id": "", "look": {"samples": 1}}',
        '{"do": "try", "id": "x", "engine": "eevee", "output": "x", "frames": 3}',
        '{"do": "template", "id": "x", "data": "d", "output": "o", "assets": "a", "faces": "other"}',
        changed(extra=1),
        changed(scene=...),
        changed(first=...),
        changed(id=5),
        changed(scene=None),
        changed(output=["x"]),
        changed(first="1"),
        changed(first=1.0),
        changed(first=True, last=True),
        changed(first=8, last=7),
        changed(first=0),
        changed(first=-3),
        changed(last=None),
        changed(look="fast"),
        changed(look=[1]),
        changed(look={"engin": "eevee"}),
        changed(look={"engine": "povray"}),
        changed(look={"engine": ["eevee"]}),
        changed(look={"size": [640]}),
        changed(look={"size": [640, 360, 1]}),
        changed(look={"size": [640.0, 360]}),
        changed(look={"size": [0, 360]}),
        changed(look={"size": "64"}),
        changed(look={"size": 640}),
        changed(look={"size": [True, True]}),
        changed(look={"samples": 0}),
        changed(look={"samples": "16"}),
        changed(look={"samples": True}),
        changed(look={"samples": 1.5}),
        changed(look={"pin_feet": "yes"}),
        changed(look={"pin_feet": 1}),
        '{"do": "composite", "id": "x", "data": "d", "template": "t", "scene": "s", "output": "o", "report": 1}',
    ],
)
def test_what_is_no_line_of_a_batch_is_refused(line):
    with pytest.raises(DatasetError, match=r"^not a line of a batch: "):
        batch.parse_line(line)


def test_a_refusal_shows_the_line_but_not_all_of_a_long_one():
    with pytest.raises(DatasetError, match="no engine 'povray'") as caught:
        batch.parse_line(changed(look={"engine": "povray"}, output="x" * 5000))
    assert len(str(caught.value)) < 300


def test_a_look_may_be_left_out():
    assert batch.parse_line(changed(look=...)).look == batch.Look()
    assert batch.parse_line(changed(look=None)).look == batch.Look()
