"""How long a face is, and what is said of one that is not there."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import lengths
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId

FACE = PerformanceId("20231119", "001", "001")
KNOWN_GAP = PerformanceId("20240126", "006", "034")


def test_a_face_is_as_long_as_its_weights_of_either_kind(tmp_path):
    data = Dataset(tmp_path)
    for path, shape in ((data.face_arkit(FACE), (7, 51)), (data.face_ict(FACE), (5, 55))):
        path.parent.mkdir()
        np.save(path, np.zeros(shape, np.float32))
        assert lengths.of_face(data, FACE) == shape[0]


@pytest.mark.parametrize(("name", "known"), [(FACE, ""), (KNOWN_GAP, "; the data set's authors know of this gap")])
def test_a_face_without_weights_is_told_with_both_places_and_what_to_do(tmp_path, name, known):
    data = Dataset(tmp_path)
    with pytest.raises(DatasetError) as told:
        lengths.of_face(data, name)
    assert str(told.value) == (
        f"{data.face_ict(name)}: no such file, nor is there {data.face_arkit(name)}{known}; "
        f"put one of them there, or leave {name} out"
    )


def test_a_sentence_without_weights_is_told_with_the_set(tmp_path):
    data = Dataset(tmp_path, "lip_acc")
    with pytest.raises(DatasetError, match=r"^lip_acc has no weights of 20240126_006_034: .*lip_acc/face_ict/") as told:
        lengths.of_face(data, KNOWN_GAP)
    assert "authors" not in str(told.value)
