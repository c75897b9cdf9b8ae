"""Runs that nothing happened to, rendered once: tests copy them where they change something."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blender_addon.dataset.layout import Dataset

from .command_line import interact_farm
from .test_run import SCENES, events

#: The performances of `faces`, and the look of its pictures.
FACES = ("20231119_001_001", "20231119_002_001")
FACE_LOOK = ("--engine", "workbench", "--size", "64x64", "--samples", "1")


@pytest.fixture(scope="session")
def render(dataset: Path, template: Path) -> Callable[..., tuple[object, ...]]:
    """The arguments of a run of both scenes' first 18 frames in chunks of three by one worker, into a folder."""
    look = "--template", template, "--engine", "workbench", "--size", "64x36", "--samples", "1"
    job = Dataset.at(dataset).body_job
    part = "--frames", "1-18", "--chunk", 3, "--workers", 1
    return lambda out, *more: ("body", "render", job, "--data", dataset, "--out", out, *part, *look, *more)


@pytest.fixture(scope="session")
def run_once(once, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """A run made once: each test process has a copy of its own, for commands open the record of a run they look at."""

    def made(name: str, make: Callable[[Path], None]) -> Path:
        return shutil.copytree(once(name, make), tmp_path_factory.mktemp(name) / "out")

    return made


@pytest.fixture(scope="session")
def finished(run_once, render) -> Path:
    """The results of that run."""
    return run_once("finished", lambda folder: _done(folder, *render(folder)))


@pytest.fixture(scope="session")
def half(run_once, dataset: Path, template: Path) -> Path:
    """The results of a run of the first scene's 36 frames; `half.txt` is its job, and `all.txt` that of both scenes."""

    def make(folder: Path) -> None:
        (folder / "half.txt").write_text(SCENES[0])
        (folder / "all.txt").write_text("\n".join(SCENES))
        look = "--template", template, "--engine", "workbench", "--samples", 1, "--size", "64x36"
        where = folder / "half.txt", "--data", dataset, "--out", folder
        _done(folder, "body", "render", *where, "--workers", 1, "--chunk", 12, *look)

    return run_once("half", make)


@pytest.fixture(scope="session")
def face_job(once) -> Path:
    return once("faces-job", lambda folder: (folder / "faces.txt").write_text("\n".join(FACES) + "\n")) / "faces.txt"


@pytest.fixture(scope="session")
def faces(run_once, dataset: Path, face_job: Path) -> Path:
    """The results of a run of two faces, 36 frames each, by one worker in chunks of twelve."""

    def make(folder: Path) -> None:
        arguments = ("--data", dataset, "--out", folder, "--chunk", 12, "--workers", 1, *FACE_LOOK)
        _done(folder, "face", "render", face_job, *arguments)

    return run_once("faces", make)


def _done(out: Path, *arguments: object) -> None:
    done = interact_farm(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    # A chunk that fails is tried again, and would not be noticed.
    assert [event["error"] for event in events(out) if event["event"] == "failed"] == []


@pytest.fixture
def damaged(dataset, tmp_path) -> Dataset:
    """A copy of the data set to spoil."""
    shutil.copytree(dataset, tmp_path / "data")
    return Dataset.at(tmp_path / "data")
