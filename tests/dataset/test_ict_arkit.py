"""ICT weights as ARKit weights: which column goes where, the merges, and a user's own table."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import ict_arkit
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from blender_addon.dataset.errors import DatasetError


def ict(name):
    return ICT_NAMES.index(name)


def arkit(name):
    return ARKIT_NAMES.index(name)


@pytest.fixture
def weights():
    return np.random.default_rng(0).uniform(0, 1, (40, 55)).astype(np.float32)


def test_every_ict_key_arrives_in_its_arkit_key_alone():
    sides = {"L": "Left", "R": "Right"}
    for column, name in enumerate(ICT_NAMES):
        stem, _, side = name.partition("_")
        found = ict_arkit.to_arkit(np.eye(55)[column : column + 1], "sum")[0]
        wanted = stem if stem in ("browInnerUp", "cheekPuff") else stem + sides.get(side, "")
        if stem == "cheekRaiser":
            assert not found.any()
        else:
            assert found[arkit(wanted)] == 1
            assert found.sum() == 1


def test_the_three_merges(weights):
    left, right = weights[:, ict("cheekPuff_L")], weights[:, ict("cheekPuff_R")]
    for merge, wanted in (("mean", (left + right) / 2), ("max", np.maximum(left, right)), ("sum", left + right)):
        found = ict_arkit.to_arkit(weights, merge)
        assert found.shape == (40, 51)
        assert found.dtype == np.float32
        assert np.array_equal(found[:, arkit("cheekPuff")], wanted)
        assert np.array_equal(found[:, arkit("noseSneerRight")], weights[:, ict("noseSneer_R")])
    assert ict_arkit.to_arkit(weights, "sum").max() > 1


@pytest.mark.filterwarnings("error")
def test_what_is_no_weights_or_no_merge_is_refused(weights):
    for array in (weights[:, :54], weights[0], weights[None]):
        with pytest.raises(DatasetError, match=r"must have the shape \(frames, 55\), these have"):
            ict_arkit.to_arkit(array)
    with pytest.raises(DatasetError, match="'median' is no way to merge columns"):
        ict_arkit.to_arkit(weights, "median")
    weights[3, [ict("browInnerUp_L"), ict("browInnerUp_R")]] = 3e38
    with pytest.raises(DatasetError, match="browInnerUp: the sum of its ICT columns is no finite number"):
        ict_arkit.to_arkit(weights, "sum")
    assert np.isfinite(ict_arkit.to_arkit(weights, "max")).all()


def test_the_result_lies_where_it_is_wanted(weights):
    out = np.empty((40, 51), np.float32)
    assert ict_arkit.to_arkit(weights, out=out) is out
    assert np.array_equal(out, ict_arkit.to_arkit(weights))
    for other in (np.empty((39, 51), np.float32), np.empty((40, 51))):
        assert np.array_equal(ict_arkit.to_arkit(weights, out=other), out)


def read(tmp_path, text):
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return ict_arkit.read_table(path)


def test_what_explain_prints_is_the_table(tmp_path):
    text = ict_arkit.explain("max")
    assert 'browInnerUp = ["browInnerUp_L", "browInnerUp_R"]' in text
    assert "#  2 <- max of 2, 3" in text
    assert "# 24 <- 28" in text
    assert "cheekRaiser_L (8), cheekRaiser_R (9)" in text
    assert read(tmp_path, text) == ict_arkit.TABLE


def test_a_table_of_the_users_own(tmp_path, weights):
    text = 'jawOpen = []\njawLeft = 29\njawRight = "jawLeft"\ncheekSquintLeft = ["cheekSquint_L", 8, "cheekPuff_L"]\n'
    table = read(tmp_path, text)
    found = ict_arkit.to_arkit(weights, "mean", table)
    assert not found[:, arkit("jawOpen")].any()
    assert np.array_equal(found[:, arkit("jawLeft")], weights[:, ict("jawRight")])
    assert np.array_equal(found[:, arkit("jawRight")], weights[:, ict("jawLeft")])
    three = weights[:, [ict("cheekSquint_L"), ict("cheekRaiser_L"), ict("cheekPuff_L")]]
    assert np.allclose(found[:, arkit("cheekSquintLeft")], three.mean(axis=1), atol=1e-6)
    kept = [
        n for n, name in enumerate(ARKIT_NAMES) if name not in ("jawOpen", "jawLeft", "jawRight", "cheekSquintLeft")
    ]
    assert np.array_equal(found[:, kept], ict_arkit.to_arkit(weights)[:, kept])
    assert read(tmp_path, ict_arkit.explain("mean", table)) == table


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jawOpen = 55", "jawOpen must be an ICT key, .*from 0 to 54"),
        ("jawOpen = -1", "jawOpen must be an ICT key"),
        ("jawOpen = true", "jawOpen must be an ICT key"),
        ("jawOpen = 1.0", "jawOpen must be an ICT key"),
        ('jawOpen = "JawOpen"', "jawOpen must be an ICT key"),
        ('jawOpen = [["jawOpen"]]', "jawOpen must be an ICT key"),
        ("jawOpen = {a = 1}", "jawOpen must be an ICT key"),
        ('jawOpen = ["jawOpen", 28]', "jawOpen names an ICT key twice"),
        ("tongueOut = 3", "'tongueOut' is no ARKit key; write lines such as jawOpen = "),
        ("[arkit]\njawOpen = 3", "'arkit' is no ARKit key"),
        ("jawOpen = ", "cannot be read as TOML"),
        ("jawOpen = 1\njawOpen = 2", "cannot be read as TOML"),
        ("a = " + "[" * 100_000, "cannot be read as TOML"),
        ("# " + "x" * 2_000_000, "too large for a table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, why):
    with pytest.raises(DatasetError, match=rf"map\.toml: .*{why}"):
        read(tmp_path, text)


def test_a_table_that_is_no_text_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.toml: no such file"):
        ict_arkit.read_table(tmp_path / "none.toml")
    with pytest.raises(DatasetError, match="cannot be read as TOML"):
        ict_arkit.read_table(tmp_path)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"b\.toml: cannot be read as TOML"):
        ict_arkit.read_table(tmp_path / "b.toml")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.inf, np.nan, 1e300])
@pytest.mark.parametrize("merge", ict_arkit.MERGES)
def test_what_is_no_number_is_refused_from_python_too(value, merge):
    weights = np.zeros((3, 55))
    weights[1, 2] = value  # of browInnerUp_L
    with pytest.raises(DatasetError, match=r"browInnerUp: the \w+ of its ICT columns is no finite number"):
        ict_arkit.to_arkit(weights, merge)
