"""Which file the heads of a run come from: the one that is named, else the data set's own, else the built-in one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blender_addon.dataset.layout import Dataset
from farm import plan, templates
from farm.errors import FarmError


@pytest.fixture
def data(dataset, tmp_path) -> Dataset:
    return Dataset.at(shutil.copytree(dataset, tmp_path / "data"))


def test_the_option_wins_over_the_data_sets_own_and_that_over_the_built_in_one(data, tmp_path):
    outputs = plan.Outputs(tmp_path)
    built = templates.choose_face(data, outputs)
    assert built.builtin
    assert built.path.parent == outputs.runs
    data.face_template.write_bytes(b"BLENDER-v405")
    own = templates.choose_face(data, outputs)
    assert (own.path, own.builtin) == (data.root / "scripts" / "face_ict_to_render.blend", False)
    named = Path(shutil.copy(data.face_template, tmp_path / "mine.blend"))
    assert templates.choose_face(data, outputs, named).path == named
    named.write_text("no .blend")
    for path, lack in ((named, "is no .blend file"), (tmp_path / "none.blend", "no such template")):
        with pytest.raises(FarmError, match=lack):
            templates.choose_face(data, outputs, path)


def test_other_heads_are_another_built_in_template(data, tmp_path):
    def fingerprint() -> str:
        return templates.choose_face(data, plan.Outputs(tmp_path)).fingerprint

    seen = [fingerprint()]
    data.ict_basis.write_bytes(b"a basis")
    seen.append(fingerprint())
    head = data.face_ict_template("001")
    for content in ("v 0 0 0\n", "v 0 0 1\n"):
        head.parent.mkdir(exist_ok=True)
        head.write_text(content)
        seen.append(fingerprint())
    assert len(set(seen)) == len(seen)
    assert fingerprint() == seen[-1]
