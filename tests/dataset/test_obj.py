"""OBJ files: what is a mesh is read, what is not is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.dataset import obj
from blender_addon.dataset.errors import DatasetError

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0.5 2 0\n"


def written(tmp_path, text):
    path = tmp_path / "001.obj"
    path.write_text(text, encoding="utf-8")
    return path


def test_vertices_and_faces_of_every_kind(tmp_path):
    text = "# a comment\nmtllib x.mtl\no head\n" + SQUARE + "vt 0 0\nvn 0 0 1\ns 1\n"
    text += "f 1/1/1 2/1/1 3/1/1 4/1/1\r\nf -5//1 -4//1 -1//1\nf 1 2 3 5 4 \n"
    mesh = obj.read(written(tmp_path, text))
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 2, 0]]
    assert mesh.sizes.tolist() == [4, 3, 5]
    assert mesh.corners.tolist() == [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 4, 3]
    assert mesh.quads().tolist() == [[0, 1, 2, 3], [0, 1, 4, 4], [0, 1, 2, 4], [0, 4, 3, 3]]


def test_a_mesh_without_faces_is_one(tmp_path):
    mesh = obj.read(written(tmp_path, SQUARE))
    assert len(mesh.vertices) == 5
    assert mesh.quads().shape == (0, 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no vertices"),
        ("\x00\x01 nothing", "no vertices"),
        ("v 0 0\n", "line 1 is no vertex or face"),
        ("v 0 0 0\nv 1 x 0\n", "line 2 is no vertex or face"),
        (SQUARE + "f 1 2\n", "line 6 is no vertex or face"),
        (SQUARE + "f 0 1 2\n", "line 6 is no vertex or face"),
        (SQUARE + "f -6 1 2\n", "line 6 is no vertex or face"),
        (SQUARE + "f 1 2 three\n", "line 6 is no vertex or face"),
        (SQUARE + "f 1 2 6\n", "a face names vertex 6, and there are 5"),
        (SQUARE + "f 1 2 99999999999999999999999\n", "a face names vertex 9+, and there are 5"),
        ("v 0 0 0\nv nan 0 0\n", "vertex 2 is not at a finite place"),
        ("v 0 0 0\nv 0 1e999 0\n", "vertex 2 is not at a finite place"),
    ],
)
def test_what_is_no_mesh_is_refused(tmp_path, text, why):
    with pytest.raises(DatasetError, match=rf"001\.obj: .*{why}"):
        obj.read(written(tmp_path, text))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.obj: no such file"):
        obj.read(tmp_path / "none.obj")
    with pytest.raises(DatasetError, match="cannot be read"):
        obj.read(tmp_path)


def test_a_mutated_file_is_read_or_refused_and_nothing_else(tmp_path):
    valid = (SQUARE + "f 1 2 3 4\nf 4/1 3/2 5/3\n").encode()
    path, rng, refused = tmp_path / "001.obj", np.random.default_rng(1), []
    for _ in range(400):
        data = bytearray(valid)
        for at in rng.integers(0, len(data), size=3):
            data[at] = rng.choice(list(b"0123456789-/ .evf\n\xff\0"))
        path.write_bytes(data)
        try:
            mesh = obj.read(path)
        except DatasetError as error:
            refused.append(str(error))
        else:
            assert mesh.corners.max(initial=0) < len(mesh.vertices)
            assert mesh.sizes.sum() == len(mesh.corners)
    assert 50 < len(refused) < 400
    assert all(path.name in message for message in refused)
