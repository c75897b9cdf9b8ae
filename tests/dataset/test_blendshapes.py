"""Face weights: their columns, and files that are none."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import blendshapes
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.weights_room import Room

FACTS = Path(__file__).parents[2].parent / "shared" / "data" / "facts" / "blendshapes.json"


@pytest.mark.skipif(not FACTS.is_file(), reason="the facts about the data set are not here")
def test_the_columns_are_those_of_the_data_set():
    assert list(blendshapes.ARKIT_NAMES) == json.loads(FACTS.read_text(encoding="utf-8"))["arkit_51"]


def test_there_are_51_columns_in_alphabetical_order_without_the_tongue():
    assert len(set(blendshapes.ARKIT_NAMES)) == 51
    assert list(blendshapes.ARKIT_NAMES) == sorted(blendshapes.ARKIT_NAMES)
    assert "tongueOut" not in blendshapes.ARKIT_NAMES


def saved(tmp_path, array, **options):
    path = tmp_path / "20231119_001_012.npy"
    np.save(path, array, **options)
    return path


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4", np.int64, np.uint8])
def test_numbers_of_any_kind_become_float32(tmp_path, kind):
    array = np.arange(4 * 51).reshape(4, 51).astype(kind)
    weights = blendshapes.load_arkit(saved(tmp_path, array))
    assert weights.dtype == np.float32
    assert np.array_equal(weights, np.arange(4 * 51).reshape(4, 51))


def test_fortran_order_is_fine(tmp_path):
    array = np.random.default_rng(0).uniform(0, 1, (7, 51))
    assert np.array_equal(blendshapes.load_arkit(saved(tmp_path, np.asfortranarray(array))), array.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((5, 50)), r"must have the shape \(frames, 51\), this file has \(5, 50\)"),
        (np.zeros((5, 55)), r"this file has \(5, 55\)"),
        (np.zeros(51), r"this file has \(51,\)"),
        (np.zeros((1, 5, 51)), r"this file has \(1, 5, 51\)"),
        (np.zeros((0, 51)), "holds no frames"),
        (np.zeros((5, 51), complex), "must be numbers, this file holds complex128"),
        (np.zeros((5, 51), bool), "must be numbers, this file holds bool"),
        (np.zeros((5, 51), "U3"), "must be numbers, this file holds <U3"),
    ],
)
def test_an_array_that_is_no_weights_is_refused(tmp_path, array, why):
    with pytest.raises(DatasetError, match=rf"20231119_001_012\.npy: .*{why}"):
        blendshapes.load_arkit(saved(tmp_path, array))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_no_number_is_named_with_frame_and_column(tmp_path, bad):
    array = np.zeros((5, 51))
    array[2, 7] = bad
    with pytest.raises(DatasetError, match=r"\.npy: frame 3, column 8 is not a finite number"):
        blendshapes.load_arkit(saved(tmp_path, array))


class Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_never_opened(tmp_path):
    sprung = tmp_path / "sprung"
    objects = np.empty((1, 51), dtype=object)
    objects[0, 0] = Trap(sprung)
    array = saved(tmp_path, objects, allow_pickle=True)
    bare = tmp_path / "bare.npy"
    bare.write_bytes(pickle.dumps(Trap(sprung)))
    for path in (array, bare):
        with pytest.raises(DatasetError, match=rf"{path.name}: cannot be read as a plain \.npy array"):
            blendshapes.load_arkit(path)
    assert not sprung.exists()
    pickle.loads(bare.read_bytes())
    assert sprung.exists()  # the trap is one


@pytest.mark.filterwarnings("error")
def test_an_archive_of_arrays_is_refused(tmp_path):
    with open(tmp_path / "a.npy", "wb") as file:
        np.savez(file, weights=np.zeros((5, 51)))
    with pytest.raises(DatasetError, match=r"a\.npy: cannot be read as a plain \.npy array"):
        blendshapes.load_arkit(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"no array",
        b"PK\x03\x04 no archive",
        b"\x93NUMPY\x01\x00\x02\x00{(",
        b"\x93NUMPY\x09\x00",
        bytes(1000),
    ],
)
def test_what_is_no_array_file_is_refused(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.npy: cannot be read as a plain \.npy array"):
        blendshapes.load_arkit(path)


def test_a_file_cut_off_is_refused(tmp_path):
    path = saved(tmp_path, np.zeros((50, 51)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"\.npy: cannot be read"):
        blendshapes.load_arkit(path)


def test_a_mutated_head_is_read_or_refused_and_nothing_else(tmp_path):
    path = saved(tmp_path, np.zeros((3, 51), np.float32))
    valid = path.read_bytes()
    rng = np.random.default_rng(2)
    refused = []
    for _ in range(400):
        data = bytearray(valid)
        for at in rng.integers(6, 90, size=rng.integers(1, 4)):
            data[at] = rng.choice(list(b"0123456789(),'{}:<>fOiub \n\0")) if rng.random() < 0.8 else rng.integers(256)
        path.write_bytes(data)
        try:
            assert blendshapes.load_arkit(path).shape[1] == 51
        except DatasetError as error:
            refused.append(str(error))
    assert 100 < len(refused) <= 400
    assert all(path.name in message for message in refused)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.npy: no such file"):
        blendshapes.load_arkit(tmp_path / "none.npy")
    with pytest.raises(DatasetError, match="cannot be read"):
        blendshapes.load_arkit(tmp_path)


def test_other_weights_have_other_columns(tmp_path):
    path = saved(tmp_path, np.zeros((5, 55)))
    assert blendshapes.load_weights(path, 55, "ICT").shape == (5, 55)
    with pytest.raises(DatasetError, match="ICT weights must have the shape"):
        blendshapes.load_weights(path, 54, "ICT")


def test_what_is_saved_is_loaded_again(tmp_path):
    weights = np.random.default_rng(1).uniform(-0.2, 1.3, (100, 102))[:, ::2]
    blendshapes.save_weights(tmp_path / "w.npy", weights)
    assert np.array_equal(blendshapes.load_arkit(tmp_path / "w.npy"), weights.astype(np.float32))
    assert [path.name for path in tmp_path.iterdir()] == ["w.npy"]


def test_weights_are_read_into_the_room_that_is_given(tmp_path):
    weights = np.random.default_rng(1).uniform(0, 1, (20, 51)).astype(np.float32)
    room = Room(20, 51)
    found = blendshapes.load_weights(saved(tmp_path, weights), 51, "ARKit", room)
    assert np.array_equal(found, weights)
    assert np.shares_memory(found, room.place(1))
    # What does not fit, or is of another kind, is read as ever, and the same is refused.
    for array in (np.vstack([weights, weights]), weights.astype(np.float64), np.asfortranarray(weights)):
        found = blendshapes.load_weights(saved(tmp_path, array), 51, "ARKit", room)
        assert np.array_equal(found, array.astype(np.float32))
        assert not np.shares_memory(found, room.place(1))
    path = saved(tmp_path, weights)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"\.npy: cannot be read"):
        blendshapes.load_weights(path, 51, "ARKit", room)
    with pytest.raises(DatasetError, match=r"\.npy: holds no frames"):
        blendshapes.load_weights(saved(tmp_path, weights[:0]), 51, "ARKit", room)


def test_mapped_weights_are_those_of_the_file_and_are_checked_to_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(blendshapes, "_PART_FRAMES", 7)
    weights = np.random.default_rng(1).uniform(0, 1, (20, 51))
    found = blendshapes.map_weights(saved(tmp_path, weights), 51, "ARKit")
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, weights)
    weights[15, 3] = 1e300  # is a number, and none in float32
    with pytest.raises(DatasetError, match=r"\.npy: frame 16, column 4 is not a finite number"):
        blendshapes.map_weights(saved(tmp_path, weights), 51, "ARKit")
    with pytest.raises(DatasetError, match=r"must have the shape \(frames, 55\), this file has \(20, 51\)"):
        blendshapes.map_weights(saved(tmp_path, weights), 55, "ICT")
    for array, why in ((np.zeros((0, 51)), "holds no frames"), (np.zeros((5, 51), "U3"), "this file holds <U3")):
        with pytest.raises(DatasetError, match=why):
            blendshapes.map_weights(saved(tmp_path, array), 51, "ARKit")
    objects = saved(tmp_path, np.empty((5, 51), dtype=object), allow_pickle=True)
    for path in (objects, tmp_path):
        with pytest.raises(DatasetError, match="cannot be read as a plain"):
            blendshapes.map_weights(path, 51, "ARKit")
    with pytest.raises(DatasetError, match="no such file"):
        blendshapes.map_weights(tmp_path / "none.npy", 51, "ARKit")


@pytest.mark.filterwarnings("error")
def test_weights_that_are_not_durable_are_the_same_file(tmp_path):
    weights = np.random.default_rng(1).uniform(0, 1, (10, 51)).astype(np.float32)
    blendshapes.save_weights(tmp_path / "a.npy", weights)
    blendshapes.save_weights(tmp_path / "b.npy", weights, durable=False)
    np.save(tmp_path / "c.npy", weights)
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert contents["a.npy"] == contents["b.npy"] == contents["c.npy"]
    assert sorted(contents) == ["a.npy", "b.npy", "c.npy"]


def test_weights_in_a_room_are_saved_as_any(tmp_path):
    weights = np.random.default_rng(1).uniform(0, 1, (10, 51)).astype(np.float32)
    room = Room(10, 51)
    assert room.place(11) is None
    for count in (10, 4):  # also after longer ones
        here = room.place(count)
        here[:] = weights[:count]
        for name, array in (("in", here), ("beside", weights[:count]), ("later", room.place(10)[6:][:count])):
            blendshapes.save_weights(tmp_path / f"{name}.npy", array, room=room)
            assert np.array_equal(np.load(tmp_path / f"{name}.npy"), array), (name, count)
