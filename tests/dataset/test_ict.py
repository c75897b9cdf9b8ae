"""ICT faces: names, the basis in its three layouts, and heads of templates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import ict
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
FACTS = SHARED / "facts" / "blendshapes.json"
TEMPLATE, BASIS = SHARED / "ict" / "template.obj", SHARED / "ict" / "blendshape_ict.npy"
real = pytest.mark.skipif(not (TEMPLATE.is_file() and BASIS.is_file()), reason="no ICT template and basis here")


@pytest.mark.skipif(not FACTS.is_file(), reason="the facts about the data set are not here")
def test_the_names_are_those_of_the_data_set():
    assert list(ICT_NAMES) == json.loads(FACTS.read_text(encoding="utf-8"))["ict_55"]


def test_every_ict_key_but_the_raised_cheeks_is_in_one_arkit_key():
    used = [name for arkit in ARKIT_NAMES for name in ict.sources(arkit)]
    assert len(ICT_NAMES) == 55
    assert sorted(used) == sorted(set(ICT_NAMES) - {"cheekRaiser_L", "cheekRaiser_R"})
    assert ict.sources("browInnerUp") == ("browInnerUp_L", "browInnerUp_R")
    assert ict.sources("cheekPuff") == ("cheekPuff_L", "cheekPuff_R")
    assert ict.sources("mouthSmileLeft") == ("mouthSmile_L",)
    assert ict.sources("jawLeft") == ("jawLeft",)
    assert ict.sources("mouthRight") == ("mouthRight",)
    assert ict.sources("tongueOut") == ()
    assert [len(ict.sources(name)) for name in ARKIT_NAMES].count(2) == 2


@pytest.fixture
def offsets():
    return np.random.default_rng(0).normal(size=(55, 20, 3)).astype(np.float32)


@pytest.mark.parametrize(
    "layout", ["packed", "transposed", "by vertex", "packed in Fortran order", "transposed in Fortran order"]
)
@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f4"])
def test_the_three_layouts_are_the_same_basis(tmp_path, offsets, layout, kind):
    packed = offsets.astype(kind).reshape(55, 60)
    table = {
        "packed": packed,
        "transposed": np.ascontiguousarray(packed.T),
        "by vertex": packed.reshape(55, 20, 3),
        "packed in Fortran order": np.asfortranarray(packed),
        "transposed in Fortran order": np.asfortranarray(packed.T),
    }[layout]
    np.save(tmp_path / "b.npy", table)
    found = ict.load_basis(tmp_path / "b.npy")
    assert found.shape == (55, 20, 3)
    assert (found == offsets).all()
    assert isinstance(found, np.memmap)  # a view of the file, not a copy
    assert not found.flags.owndata


@pytest.mark.parametrize(
    "shape",
    [
        (55, 61),
        (61, 55),
        (54, 60),
        (55, 60, 2),
        (54, 20, 3),
        (3300,),
        (55, 0),
        (0, 55),
        (55, 0, 3),
        (20, 55, 3),
        (0, 0),
    ],
)
def test_another_shape_is_refused_by_name(tmp_path, shape):
    np.save(tmp_path / "blendshape_ict.npy", np.zeros(shape, np.float32))
    with pytest.raises(DatasetError, match=r"blendshape_ict\.npy: .*must have the shape \(55, 3V\).*this file has \("):
        ict.load_basis(tmp_path / "blendshape_ict.npy")


def test_what_is_no_basis_is_refused(tmp_path, offsets):
    path = tmp_path / "b.npy"
    with pytest.raises(DatasetError, match=r"b\.npy: no such file"):
        ict.load_basis(path)
    for content in (b"", b"no array", b"\x93NUMPY\x01\x00\x02\x00{("):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=r"b\.npy: cannot be read as a plain \.npy array"):
            ict.load_basis(path)
    np.save(path, np.empty((55, 60), dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match=r"b\.npy: cannot be read as a plain \.npy array"):
        ict.load_basis(path)
    np.save(path, offsets)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"b\.npy: cannot be read as a plain \.npy array"):
        ict.load_basis(path)
    np.save(path, np.zeros((55, 60), np.int32))
    with pytest.raises(DatasetError, match=r"b\.npy: .*this file holds int32"):
        ict.load_basis(path)
    offsets[7, 3, 1] = np.nan
    np.save(path, offsets)
    with pytest.raises(DatasetError, match=r"b\.npy: cheekPuff_R holds what is not a finite number"):
        ict.load_basis(path)


def test_a_merged_key_moves_both_halves(offsets):
    keys = ict.arkit_offsets(offsets)
    assert keys.shape == (51, 20, 3)
    at = ICT_NAMES.index
    both = offsets[at("browInnerUp_L")] + offsets[at("browInnerUp_R")]
    assert (keys[ARKIT_NAMES.index("browInnerUp")] == both).all()
    assert (keys[ARKIT_NAMES.index("eyeBlinkRight")] == offsets[at("eyeBlink_R")]).all()


@real
def test_the_real_head():
    head = ict.read_head(TEMPLATE, ict.load_basis(BASIS))
    assert head.vertices.shape == (14062, 3)
    assert head.faces.shape == (14034, 4)
    assert head.keys.shape == (51, 14062, 3)
    # The sockets are round the eyes, the person's left at +X.
    for part, sign in (("left socket", 1), ("right socket", -1)):
        assert (head.vertices[list(ict.PARTS[part]), 0] * sign > 1.5).all()
    assert sum(len(part) for part in ict.PARTS.values()) == ict.VERTICES


def test_a_template_of_another_size_is_refused_with_both_counts(tmp_path, offsets):
    path = tmp_path / "001.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"001\.obj: has 3 vertices, and the basis of the ICT keys moves 20"):
        ict.read_head(path, offsets)
    with pytest.raises(DatasetError, match=r"001\.obj: has 3 vertices, an ICT head has at least 14062"):
        ict.read_head(path, offsets[:, :3])


def test_a_template_whose_faces_lack_is_refused(tmp_path):
    path = tmp_path / "001.obj"
    path.write_text("v 0 0 0\n" * ict.VERTICES + "f 1 2 3\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"001\.obj: its faces do not join all vertices"):
        ict.read_head(path, np.zeros((55, ict.VERTICES, 3), np.float32))


def test_who_has_no_head_is_named_once(tmp_path, offsets):
    data = Dataset(tmp_path)
    found = ict.heads(data, ["001", "002"])
    assert not found.own
    assert not found.broken
    assert len(found.notices) == 1
    assert "no actor has his ICT head" in found.notices[0]
    assert "blendshape_ict.npy: no such file" in found.notices[0]
    data.ict_basis.parent.mkdir()
    np.save(data.ict_basis, offsets)
    found = ict.heads(data, ["002", "001"])
    assert not found.own
    assert [notice.partition(":")[0] for notice in found.notices] == ["actor 001", "actor 002"]
    assert "001.obj: no such file" in found.notices[0]


def test_a_template_that_is_there_and_broken_is_no_lacking_one(tmp_path, offsets):
    data = Dataset(tmp_path)
    for path in (data.ict_basis, data.face_ict_template("002")):
        path.parent.mkdir()
    np.save(data.ict_basis, offsets)
    data.face_ict_template("002").write_bytes(b"")
    found = ict.heads(data, ["001", "002", "003"])
    assert not found.own
    assert found.broken == {"002": f"{data.face_ict_template('002')}: is no OBJ file, it has no vertices"}
    assert [notice.partition(":")[0] for notice in found.notices] == ["actor 001", "actor 003"]
