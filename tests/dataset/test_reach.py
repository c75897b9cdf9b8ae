"""A worker's requests stay where its command line says, whatever links, dots and odd names they use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.reach import Reach


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Folders data, out and elsewhere; in out a link to elsewhere."""
    for name in ("data/scripts", "out/farm_runs", "elsewhere/in"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere" / "in")
    return tmp_path


@pytest.fixture
def reach(place: Path) -> Reach:
    return Reach((str(place / "data"),), (str(place / "out"),), (str(place / "elsewhere" / "own.blend"),))


@pytest.fixture
def request_(place: Path) -> batch.RenderChunk:
    template = str(place / "elsewhere" / "own.blend")
    return batch.RenderChunk("a", str(place / "data"), template, "20231119_001", 1, 2, str(place / "out" / "a.mkv"))


def refused(reach: Reach, request: batch.Request) -> str:
    with pytest.raises(DatasetError) as caught:
        reach.require(request)
    return str(caught.value)


def allowed(reach: Reach, request: batch.Request) -> bool:
    try:
        reach.require(request)
    except DatasetError:
        return False
    return True


def test_what_lies_inside_is_allowed(reach, request_, place):
    assert allowed(reach, request_)
    assert allowed(reach, batch.End())
    for template in ("data/scripts/body.blend", "out/farm_runs/template-1.blend"):
        assert allowed(reach, replace(request_, template=str(place / template)))
    for output in ("out/farm_runs/chunks/x/1-2.mkv", "out/face_renders_noaudio/20231119_001_001"):
        assert allowed(reach, replace(request_, output=str(place / output)))
    assert allowed(reach, replace(request_, data=str(place / "data" / "scripts")))
    assert allowed(reach, batch.TryEngine("t", "cycles", str(place / "out" / "t.png")))
    assert allowed(
        reach, batch.SaveComposite("s", request_.data, request_.template, "x", str(place / "out" / "s.blend"))
    )


@pytest.mark.parametrize("name", ["elsewhere/a.mkv", "out/../elsewhere/a.mkv", "out/link/a.mkv", "out2/a.mkv", "a.mkv"])
def test_nothing_is_written_elsewhere(reach, request_, place, name):
    path = str(place / name)
    said = refused(reach, replace(request_, output=path))
    assert path in said
    assert f"only in {place / 'out'}; the worker's option --out says where" in said
    if "link" in name:
        assert f"(which is {place / 'elsewhere' / 'in' / 'a.mkv'})" in said


def test_a_link_in_the_place_of_a_video_is_replaced_and_one_of_a_folder_of_pictures_is_not_followed(
    reach, request_, place
):
    (place / "out" / "video.mkv").symlink_to(place / "elsewhere" / "v.mkv")
    reach.require(replace(request_, output=str(place / "out" / "video.mkv")))
    assert str(place / "elsewhere") in refused(reach, replace(request_, output=str(place / "out" / "link")))


def test_dots_after_a_link_mean_two_places_and_are_refused(reach, request_, place):
    """The system takes them as elsewhere/x, Blender as out/x."""
    said = refused(reach, replace(request_, output=f"{place}/out/link/../x/a.mkv"))
    assert "has a '..' after a link" in said


@pytest.mark.parametrize("data", ["", ".", "data", "~/data", "/", "/etc", "//data", "/data\0"])
def test_no_data_set_is_read_elsewhere(reach, request_, data):
    assert repr(data)[1:-1] in refused(reach, replace(request_, data=data))


@pytest.mark.parametrize("template", ["", "x.blend", "//x.blend", "/x.blend", "C:\\x.blend", "/tmp/\0.blend"])
def test_no_template_is_opened_elsewhere(reach, request_, template):
    assert repr(template)[1:-1] in refused(reach, replace(request_, template=template))


def test_a_template_beside_the_named_one_is_not_opened(reach, request_, place):
    said = refused(reach, replace(request_, template=str(place / "elsewhere" / "other.blend")))
    assert "a template may be opened only in" in said
    assert request_.template in said


def test_the_folder_to_write_below_is_no_result(reach, request_, place):
    assert "name a file or a folder in it" in refused(reach, replace(request_, output=str(place / "out")))
    assert "name a file or a folder in it" in refused(reach, replace(request_, output=str(place / "out" / "x" / "..")))


@pytest.mark.parametrize("name", ["####.mkv", "{blend_dir}/x.mkv", "}x"])
def test_what_blender_makes_of_a_name_is_not_left_to_it(reach, request_, place, name):
    assert "Blender takes" in refused(reach, replace(request_, output=str(place / "out" / name)))


def test_each_request_writes_files_of_its_kind(reach, place):
    shell = str(place / "out" / ".profile")
    assert "has a name in .blend" in refused(reach, batch.MakeTemplate("t", str(place / "data"), shell))
    assert "has a name in .png" in refused(reach, batch.TryEngine("t", "cycles", shell))


def test_people_are_read_only_where_they_were_said_to_be(reach, place):
    request = batch.MakeTemplate("t", str(place / "data"), str(place / "out" / "t.blend"), str(place / "elsewhere"))
    assert "--assets" in refused(reach, request)
    replace(reach, assets=(str(place / "elsewhere"),)).require(request)
    reach.require(replace(request, assets=""))


def test_a_loop_of_links_is_a_sentence(reach, request_, place):
    (place / "out" / "loop").symlink_to(place / "out" / "loop")
    path = str(place / "out" / "loop" / "a.mkv")
    assert path in refused(reach, replace(request_, output=path))


def test_a_worker_that_was_told_nothing_says_what_to_tell_it(request_):
    said = refused(Reach(), request_)
    assert request_.output in said
    assert "start it with --data DIR --out DIR, and --template FILE" in said
    assert "nowhere yet; the worker's option --data says where" in refused(Reach(out=("/out",)), request_)


def test_the_reach_of_requests_is_just_theirs(request_, place):
    own = Reach.of([request_, batch.TryEngine("t", "cycles", str(place / "out" / "t.png")), batch.End()])
    assert own == Reach((request_.data,), (str(place / "out"),), (request_.template,))
    own.require(request_)
    refused(own, replace(request_, output=str(place / "data" / "x.mkv")))


def test_a_linked_data_set_and_results_folder_are_those_they_lead_to(request_, place):
    for name in ("data", "out"):
        (place / f"my-{name}").symlink_to(place / name)
    linked = Reach((str(place / "my-data"),), (str(place / "my-out"),), (request_.template,))
    assert allowed(linked, request_)
    through = replace(request_, data=str(place / "my-data"), output=str(place / "my-out" / "b.mkv"))
    assert allowed(linked, through)
    assert allowed(Reach((request_.data,), (str(place / "out"),), (request_.template,)), through)
