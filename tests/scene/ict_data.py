"""The real ICT template and basis, where the machine that tests has them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "ict"
TEMPLATE, BASIS = FOLDER / "template.obj", FOLDER / "blendshape_ict.npy"
THERE = TEMPLATE.is_file() and BASIS.is_file()
