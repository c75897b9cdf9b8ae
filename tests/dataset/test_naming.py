"""Ids are what they should be, or are refused with a sentence that says the form."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import NamingError, PerformanceId, SceneId, parse

HOSTILE = [
    "",
    " ",
    "../../x",
    "../20231119_012",
    "..\\20231119_012",
    "/20231119_012",
    "/etc/passwd",
    "//20231119_012",
    "C:20231119_012",
    "C:\\20231119_012",
    "\\\\server\\20231119_012",
    "~/20231119_012",
    "\x0020231119_012",
    "20231119_012#",
    "20231119_{x}",
    "20231119_012.mkv",
    "20231119_1",
    "20231119_0012",
    "20231119_012\n",
    " 20231119_012",
    "2023111_9012",
    "20231119-012",
    "20231119_012/..",
    "20231119_012\0",
    "٢٠٢٣١١١٩_٠١٢",
    "２０２３１１１９_０１２",
    "20231119_01²",
]


@pytest.mark.parametrize("text", [*HOSTILE, "20231119_001_012"])
def test_what_is_no_scene_is_refused_and_the_form_is_said(text):
    with pytest.raises(NamingError) as caught:
        SceneId.parse(text)
    assert "write <date>_<scenario>, such as 20231119_012" in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", [*HOSTILE, "20231119_012", "20231119_001_012\n", "20231119_001_../x", "20231119_1_012"]
)
def test_what_is_no_performance_is_refused_and_the_form_is_said(text):
    with pytest.raises(NamingError) as caught:
        PerformanceId.parse(text)
    assert "write <date>_<actor>_<scenario>, such as 20231119_001_012" in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_either_kind_is_refused_too(text):
    with pytest.raises(NamingError):
        parse(text)


@pytest.mark.parametrize("text", ["20231119_012", "20231119_001_012"])
def test_what_is_an_id_is_a_plain_name_of_a_file(text):
    assert str(parse(text)) == text
    assert (Path(text).name, Path(text).suffix, PureWindowsPath(text).anchor) == (text, "", "")


def test_a_naming_error_is_an_error_of_the_data_set():
    assert issubclass(NamingError, DatasetError)


def test_a_scene_is_read_and_written_alike():
    scene = SceneId.parse("20231119_012")
    assert (scene.date, scene.scenario, str(scene)) == ("20231119", "012", "20231119_012")


def test_a_performance_is_read_and_written_alike():
    performance = PerformanceId.parse("20231119_001_012")
    assert (performance.date, performance.actor, performance.scenario) == ("20231119", "001", "012")
    assert str(performance) == "20231119_001_012"


def test_scene_and_performance_lead_to_each_other():
    scene = SceneId.parse("20231119_012")
    assert scene.performance("002") == PerformanceId("20231119", "002", "012")
    assert scene.performance("002").scene == scene


def test_ids_sort_by_date_then_scenario():
    texts = ["20240126_001", "20231119_034", "20231119_002"]
    assert [str(s) for s in sorted(map(SceneId.parse, texts))] == ["20231119_002", "20231119_034", "20240126_001"]
