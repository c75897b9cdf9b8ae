"""Every head that there is does what the 52 ARKit keys are called."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.dataset import ict  # noqa: E402
from blender_addon.dataset.blendshapes import ARKIT_NAMES, TONGUE_KEY  # noqa: E402
from blender_addon.scene.mannequin import actor as mannequins  # noqa: E402
from blender_addon.scene.people import actor  # noqa: E402
from farm import assets  # noqa: E402
from tests.scene import ict_data  # noqa: E402
from tests.scene.face_directions import MOVES, Face, moves  # noqa: E402
from tests.scene.test_mannequin import interact_like  # noqa: E402

DATA = assets.there()


@pytest.fixture(
    scope="module",
    params=["mannequin-001", "mannequin-002", "people-001", "people-002", "ict-001", "ict-002"],
)
def face(request):
    """A head of each kind and gender."""
    kind, _, who = request.param.partition("-")
    if kind != "mannequin" and DATA is None:
        pytest.skip("the people's data have not been fetched")
    if kind == "ict" and not ict_data.THERE:
        pytest.skip("no ICT template and basis here")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    into = bpy.context.scene.collection
    if kind == "mannequin":
        mannequins.build(who, interact_like(), into)
    else:
        head = ict.read_head(ict_data.TEMPLATE, ict.load_basis(ict_data.BASIS)) if kind == "ict" else None
        actor.build(who, interact_like(), into, assets=DATA, head=head)
    return Face(bpy.data.objects[f"actor_{who}_head"])


def test_the_table_has_all_52_keys():
    assert {move.key for move in moves()} == {*ARKIT_NAMES, TONGUE_KEY}
    assert len(ARKIT_NAMES) == 51
    assert {key for key, *_ in MOVES if "*" in key} == {
        name.removesuffix("Left") + "*" for name in ARKIT_NAMES
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft")
    }  # fmt: skip


def test_a_head_has_the_52_keys_in_order(face):
    assert face.names == [*ARKIT_NAMES, TONGUE_KEY]


@pytest.mark.parametrize("move", moves(), ids=str)
def test_a_key_moves_its_part_where_its_name_says(face, move):
    offsets, part = face.offsets(move.key), face.part(move.part)
    assert len(part) > 1
    assert (offsets[part] @ move.direction).mean() > move.least
    if move.other:
        ours, theirs = (np.linalg.norm(offsets[face.part(name)], axis=1).mean() for name in (move.part, move.other))
        assert theirs < 0.5 * ours
