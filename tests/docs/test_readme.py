"""What the README says about data sets: its commands and its Python are run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from blender_addon.dataset import Dataset
from tests.farm.command_line import interact_farm

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
#: What the data set's own page shows how to do.
EXAMPLES = (
    "query scenarios and actors",
    "find pairs",
    "load a performance",
    "plot blendshapes over time",
    "load both actors",
)


def rows() -> dict[str, tuple[list[str], list[str]]]:
    """The table `Know the data`: for each thing to do its commands and its Python."""
    section = README[README.index("## Know the data") : README.index("## Render it")]
    table = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return {to.strip(): (re.findall("`([^`]+)`", run), re.findall("`([^`]+)`", say)) for to, run, say in table}


def test_each_example_of_the_data_sets_page_is_on_the_first_screen():
    assert set(EXAMPLES) <= set(rows())
    assert README[: README.index("## Render it")].count("\n") < 40


def test_its_commands_run(ten, tmp_path):
    environment = os.environ | {"INTERACT_DATA": str(ten)}
    for commands, _ in rows().values():
        for line in commands:
            program, *arguments = shlex.split(line)
            assert program == "interact-farm"
            arguments = [str(tmp_path / word) if word.endswith((".txt", ".png")) else word for word in arguments]
            if arguments[0] == "body":
                arguments.append("--dry-run")
            done = interact_farm(*arguments, env=environment)
            assert done.returncode == 0, done.stderr
    assert (tmp_path / "scene.png").is_file()


def test_its_python_runs(ten):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    names = {"data": Dataset(ten), "plt": pyplot}
    pyplot.switch_backend("agg")
    for to in EXAMPLES:
        for line in rows()[to][1]:
            exec(line, names)
    assert names["part"].actor == "001"
    assert (names["him"].actor, names["her"].actor) == ("001", "002")
    assert len(pyplot.gca().lines[0].get_xdata()) == 30
    pyplot.close()
