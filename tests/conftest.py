"""Shared by all tests: which Blenders to test with, and a small data set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blender_addon.dataset.layout import Dataset
from farm import templates
from farm.blender import Blender, find
from farm.demo.maker import make_dataset

# Tests that mean people say so: the others need nothing fetched.
os.environ["INTERACT_ACTORS"] = "mannequin"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--blender", action="append", default=[], help="a Blender application to test with as well (may be repeated)"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "blender" in metafunc.fixturenames:
        paths = [None, *metafunc.config.getoption("--blender")]
        metafunc.parametrize("blender", paths, ids=["bpy" if p is None else Path(p).name for p in paths], indirect=True)


@pytest.fixture(scope="session")
def blender(request: pytest.FixtureRequest) -> Blender:
    """The bpy module, and each application that --blender names."""
    return find(request.param) if request.param else Blender(None, "module")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenes of 36 frames in which somebody speaks; tests read it and render elsewhere."""
    root = tmp_path_factory.mktemp("shared") / "data"
    make_dataset(root, scenes=2, seconds=1.2, seed=3)
    return root


@pytest.fixture(scope="session")
def template(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in template of that data set, built once."""
    folder = tmp_path_factory.mktemp("template")
    templates.make(folder / "template.blend", Dataset.at(dataset), Blender(None, "module"))
    return folder / "template.blend"
