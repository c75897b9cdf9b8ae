"""ICT weights as vertices, against the plain product in float64, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import ict, ict_vertices, obj
from blender_addon.dataset.errors import DatasetError

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "ict"
TEMPLATE, BASIS = SHARED / "template.obj", SHARED / "blendshape_ict.npy"


@pytest.fixture(params=["made", "real"])
def head(request):
    """Basis (55, V, 3) and template (V, 3)."""
    if request.param == "real":
        if not (TEMPLATE.is_file() and BASIS.is_file()):
            pytest.skip("no ICT template and basis here")
        return ict.load_basis(BASIS), obj.read(TEMPLATE).vertices
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.5, (55, 300, 3)).astype(np.float32), rng.normal(0, 10, (300, 3))


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    return (rng.uniform(0, 1, (50, 55)) * (rng.uniform(size=(50, 55)) < 0.4)).astype(np.float32)


def product(weights, basis, template):
    basis = np.asarray(basis, np.float64).reshape(55, -1)
    return np.asarray(weights, np.float64) @ basis + np.asarray(template, np.float64).reshape(-1)


def test_vertices_are_those_of_the_product_in_float64(head, weights):
    found = ict_vertices.vertices(weights, *head)
    assert found.dtype == np.float32
    assert np.abs(found - product(weights, *head)).max() < 1e-5
    offsets = ict_vertices.vertices(weights, head[0])
    assert np.abs(offsets - product(weights, head[0], 0 * head[1])).max() < 1e-5


def test_a_weight_of_one_is_template_and_row_exactly(head):
    basis, template = head
    rows = np.asarray(basis).reshape(55, -1)
    one = np.eye(55, dtype=np.float32)
    wanted = template.astype(np.float32).reshape(-1) + rows
    assert np.array_equal(ict_vertices.vertices(one, basis, template), wanted)
    assert np.array_equal(ict_vertices.vertices(one, basis), rows)
    for key in range(0, 55, 9):  # alone, another kind of product is taken
        assert np.array_equal(ict_vertices.vertices(one[key : key + 1], basis, template)[0], wanted[key])
    rest = ict_vertices.vertices(np.zeros((3, 55), np.float32), basis, template)
    assert np.array_equal(rest, np.tile(template.astype(np.float32).reshape(-1), (3, 1)))


def test_the_packing_is_x_y_z_by_vertex(weights):
    basis = np.zeros((55, 4, 3), np.float32)
    basis[7, 2] = 1, 2, 3
    weights[:] = 0
    weights[5, 7] = 0.5
    found = ict_vertices.vertices(weights, basis, np.zeros((4, 3)))
    assert found[5].tolist() == [0, 0, 0, 0, 0, 0, 0.5, 1, 1.5, 0, 0, 0]
    assert not found[[4, 6]].any()


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_make_no_difference(head, weights, kind, order, monkeypatch):
    rows = ict_vertices.matrix(*head)
    monkeypatch.setattr(ict_vertices, "BLOCK_BYTES", rows.shape[1] * 4 * 7)
    assert list(ict_vertices.blocks(50, rows.shape[1] * 4))[-2:] == [(42, 49), (49, 50)]
    out = np.full((50, rows.shape[1]), np.nan, kind, order=order)
    ict_vertices.fill(out, weights, rows)
    wanted = product(weights, *head)
    assert (np.abs(out - wanted) <= 4 * np.abs(wanted).max() * np.finfo(kind).eps).all()


def test_weights_come_back_from_vertices(head, weights):
    made = ict_vertices.vertices(weights, *head)
    assert np.abs(ict_vertices.weights_of(made, *head) - weights).max() < 1e-4
    offsets = ict_vertices.vertices(weights, head[0])
    assert np.abs(ict_vertices.weights_of(offsets, head[0]) - weights).max() < 1e-4


def test_no_weight_that_comes_back_is_negative(head, weights):
    basis, template = head
    pulled = product(weights - 0.5, basis, template)
    found = ict_vertices.weights_of(pulled, basis, template)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    # No other weights come nearer: clipping the unbound least squares does not.
    rows = np.asarray(basis, np.float64).reshape(55, -1)
    clipped = np.maximum(weights - 0.5, 0)
    missed = np.square(product(found, basis, template) - pulled).sum(axis=1)
    assert (missed <= np.square(product(clipped, basis, template) - pulled).sum(axis=1)).all()
    gradient = (product(found, basis, template) - pulled) @ rows.T
    assert gradient.min() > -1e-4 * np.abs(pulled @ rows.T).max()


def test_a_key_that_moves_nothing_comes_back_as_zero(weights):
    basis = np.random.default_rng(2).normal(size=(55, 40, 3))
    basis[[3, 50]] = 0
    found = ict_vertices.weights_of(ict_vertices.vertices(weights, basis), basis)
    assert not found[:, [3, 50]].any()
    others = [key for key in range(55) if key not in (3, 50)]
    assert np.abs(found - weights)[:, others].max() < 1e-3


def test_too_few_vertices_tell_no_weights(weights):
    basis = np.random.default_rng(2).normal(size=(55, 18, 3))
    with pytest.raises(DatasetError, match="too much alike"):
        ict_vertices.weights_of(ict_vertices.vertices(weights, basis), basis)


@pytest.mark.filterwarnings("error")
def test_arrays_that_do_not_fit_are_refused(weights):
    basis, template = np.ones((55, 4, 3), np.float32), np.ones((4, 3))
    with pytest.raises(DatasetError, match=r"shape \(frames, 55\), these have \(50, 54\)"):
        ict_vertices.vertices(weights[:, :54], basis, template)
    with pytest.raises(DatasetError, match="the template has 5 vertices, and the basis of the ICT keys moves 4"):
        ict_vertices.vertices(weights, basis, np.ones((5, 3)))
    with pytest.raises(DatasetError, match="larger than float32"):
        ict_vertices.vertices(weights, basis, 1e300 * template)
    for bad in (np.nan, np.inf, 1e38):
        large = weights.copy()
        large[4, 4:8] = bad
        with pytest.raises(DatasetError, match="weights this large, or no numbers"):
            ict_vertices.vertices(large, basis, template)
    with pytest.raises(DatasetError, match="no vertices that float16 can hold"):
        ict_vertices.fill(np.empty((50, 12), np.float16), 1e4 * weights, ict_vertices.matrix(basis))
    with pytest.raises(DatasetError, match=r"shape \(frames, 12\), these have \(50, 11\)"):
        ict_vertices.weights_of(np.zeros((50, 11)), basis)
    with pytest.raises(DatasetError, match=r"frames 1 to 2 are not all finite"):
        ict_vertices.weights_of(np.full((2, 300), np.nan), np.random.default_rng(0).normal(size=(55, 100, 3)))


def test_indices_take_vertices_of_the_larger_one():
    rng = np.random.default_rng(3)
    basis, template = rng.normal(size=(55, 6, 3)), rng.normal(size=(9, 3))
    picked = np.array([8, 0, 3, 4, 5, 1])
    found = ict_vertices.match(basis, template, picked, "001.obj")
    assert np.array_equal(found[0], basis)
    assert np.array_equal(found[1], template[picked])
    found = ict_vertices.match(basis, template[:3], np.array([5, 0, 2]), "001.obj")
    assert np.array_equal(found[0], basis[:, [5, 0, 2]])
    assert np.array_equal(found[1], template[:3])
    found = ict_vertices.match(basis, template[:6], np.array([5]), "001.obj")
    assert np.array_equal(found[0], basis[:, [5]])
    assert np.array_equal(found[1], template[[5]])
    assert ict_vertices.match(basis, None, np.array([5, 1]), "basis.npy")[0].shape == (55, 2, 3)
    assert ict_vertices.match(basis, None, None, "basis.npy")[0] is basis


@pytest.mark.parametrize(
    ("count", "picked", "why"),
    [
        (9, None, "has 9 vertices, and the basis of the ICT keys moves 6; --indices must say which 6"),
        (3, None, "has 3 vertices, and the basis of the ICT keys moves 6; --indices must say which 3"),
        (9, [0, 1, 2], "has 9 vertices, .* moves 6; --indices must name 6 of them, it names 3"),
        (9, [0, 1, 2, 3, 4, 9], "names vertex 9, counted from 0, and 001.obj and basis have no more than 9"),
        (6, [6], "names vertex 6, counted from 0, and 001.obj and basis have no more than 6"),
    ],
)
def test_heads_of_another_topology_are_refused_with_both_counts(count, picked, why):
    indices = None if picked is None else np.array(picked)
    with pytest.raises(DatasetError, match=why):
        ict_vertices.match(np.zeros((55, 6, 3)), np.zeros((count, 3)), indices, "001.obj")


def test_indices_from_text_and_from_npy(tmp_path):
    (tmp_path / "i.txt").write_text("# the mouth\n3, 1 2\n\n10 # and one more\n0\n", encoding="utf-8")
    assert ict_vertices.read_indices(tmp_path / "i.txt").tolist() == [3, 1, 2, 10, 0]
    np.save(tmp_path / "i.npy", np.array([3, 1, 2], np.uint16))
    assert ict_vertices.read_indices(tmp_path / "i.npy").tolist() == [3, 1, 2]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "names no vertices"),
        ("1 2\n3 -4\n", "line 2 holds what is no vertex number"),
        ("1.0", "line 1 holds what is no vertex number"),
        ("1_0", "line 1 holds what is no vertex number"),
        ("²", "line 1 holds what is no vertex number"),
        ("9" * 5000, "line 1 holds what is no vertex number"),
        ("5000000", "vertices count from 0 and below 4000000, it names 5000000 to 5000000"),
        ("1 2 1", "names vertex 1 twice"),
        ("\x00\x01", "line 1 holds what is no vertex number"),
        (np.zeros((2, 2), int), r"must be one row of whole numbers, this file has \(2, 2\)"),
        (np.zeros(3), "must be one row of whole numbers, this file has .* float64"),
        (np.zeros(0, int), "names no vertices"),
        (np.array([1, -1]), "it names -1 to 1"),
        (np.array([0, 2**63], np.uint64), "vertices count from 0"),
        (np.empty(2, dtype=object), "cannot be read as a plain .npy"),
    ],
)
def test_what_is_no_list_of_vertices_is_refused(tmp_path, content, why):
    if isinstance(content, str):
        path = tmp_path / "i.txt"
        path.write_text(content, encoding="utf-8")
    else:
        path = tmp_path / "i.npy"
        np.save(path, content, allow_pickle=True)
    with pytest.raises(DatasetError, match=rf"{path.name}: .*{why}"):
        ict_vertices.read_indices(path)


def test_a_list_of_vertices_that_is_not_there_is_refused(tmp_path):
    for name in ("none.txt", "none.npy"):
        with pytest.raises(DatasetError, match=rf"{name}: no such file"):
            ict_vertices.read_indices(tmp_path / name)
    with pytest.raises(DatasetError, match="cannot be read"):
        ict_vertices.read_indices(tmp_path)
    (tmp_path / "large.txt").write_bytes(bytes(65 * 2**20))
    with pytest.raises(DatasetError, match="too large"):
        ict_vertices.read_indices(tmp_path / "large.txt")
