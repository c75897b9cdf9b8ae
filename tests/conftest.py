"""Shared by all tests: which Blenders to test with, a small data set, and what is made once for all test processes."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from blender_addon.dataset.layout import Dataset
from farm import templates
from farm.blender import Blender, find
from farm.demo.maker import make_dataset

# Tests that mean people say so: the others need nothing fetched.
os.environ["INTERACT_ACTORS"] = "mannequin"
# Presets of whoever runs the tests are none of theirs.
os.environ["INTERACT_PRESETS"] = os.devnull

# The tests start some hundred processes. Where no bytecode may lie beside the sources, it lies elsewhere for this run:
# to compile the sources takes half of a command's time.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--blender", action="append", default=[], help="a Blender application to test with as well (may be repeated)"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Applications bring Mesas of different versions, which break each other's shader cache on the disk.
    if config.getoption("--blender"):
        os.environ["MESA_SHADER_CACHE_DISABLE"] = "true"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "blender" in metafunc.fixturenames:
        paths = [None, *metafunc.config.getoption("--blender")]
        metafunc.parametrize("blender", paths, ids=["bpy" if p is None else Path(p).name for p in paths], indirect=True)


@pytest.fixture(scope="session")
def blender(request: pytest.FixtureRequest) -> Blender:
    """The bpy module, and each application that --blender names."""
    return find(request.param) if request.param else Blender(None, "module")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder of that name once for all processes of a test run, which only read it then."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, whole = root / name, root / f"{name}.whole"
        with FileLock(root / f"{name}.lock"):
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                whole.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def dataset(once) -> Path:
    """Two scenes of 36 frames in which somebody speaks; tests read it and render elsewhere."""
    return once("shared", lambda folder: make_dataset(folder / "data", scenes=2, seconds=1.2, seed=3)) / "data"


@pytest.fixture(scope="session")
def ten(once) -> Path:
    """Ten scenes of 30 frames, two a session, only to be read; that of the published erratum lacks a face."""
    return once("ten", lambda folder: make_dataset(folder / "data", scenes=10, seconds=1.0)) / "data"


@pytest.fixture(scope="session")
def template(once, dataset: Path) -> Path:
    """The built-in template of that data set, built once; what was told meanwhile lies beside it in `notices.json`."""

    def make(folder: Path) -> None:
        notices = templates.make(folder / "template.blend", Dataset.at(dataset), Blender(None, "module"))
        (folder / "notices.json").write_text(json.dumps(notices))

    return once("template", make) / "template.blend"
