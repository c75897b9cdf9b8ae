"""The pages of `docs/`: their commands are run as they stand there, from top to bottom, on a small data set.

Only what a command renders is made smaller, by options that are added to it. What no test machine has is
in `ELSEWHERE`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from blender_addon.dataset import preset_file, presets
from blender_addon.scene import rigs
from farm.cli import main
from farm.executors import cluster_file
from tests.farm.command_line import interact_farm

ROOT = Path(__file__).parents[2]
PAGES = ("quickstart.md", "own_template.md", "farm.md", "errors.md", "design.md")

PROGRAM = "interact-farm "
#: Where the pages have the user's data set.
DATA = "/data/interact"
LOOK = ("--engine", "workbench", "--size", "64x36", "--samples", "1")
SMALL = (*LOOK, "--workers", "1")
#: What is added to commands that begin so, but for what they name themselves.
ADDED = {
    "demo": ("--scenes", "1", "--seconds", "1", *SMALL),
    "body render": SMALL,
    "batch write": LOOK,
}
#: Commands that begin so and name this word need what is not here, or long: they are run with the last option.
ELSEWHERE = (
    ("body render", "--cluster", "a queue such as Slurm", "--help"),
    ("body render", "--scheduler", "a Dask scheduler that runs", "--help"),
    ("body render", "--executor", "seconds more; tests/farm/test_dask.py renders so", "--dry-run"),
    ("body render", "happy.txt", "what Slurm rendered; tests/farm/test_batches.py goes on from there", "--dry-run"),
    ("verify", "happy.txt", "the same", "--help"),
    ("doctor", "doctor", "seconds; tests/farm/commands/test_cli.py runs it", "--help"),
    ("runs gallery", "--serve", "somebody who stops it", "--help"),
    ("runs cancel", "RUN", "a run that is going on", "--help"),
    ("addon install", "install", "a Blender application", "--help"),
)
#: What lies there when a page was run.
MADE = {
    "quickstart.md": ("demo/body_renders/*.mp4", "scene.png", "data/body_renders/*.mp4"),
    "own_template.md": ("people.blend", "scene.blend", "pinned.blend", "over.blend", "interact_farm-*.zip"),
    "farm.md": (
        "data/body_renders/*.mp4",
        "data/farm_runs/gallery/*/index.html",
        "batches/*.jsonl",
        "batches/*.sbatch",
    ),
}
#: Programs of others that the pages name; tests/farm/test_batches.py runs the worker, and what Slurm is given.
OTHERS = ("apt-get", "python3", ".venv/bin/pip", "pip", "sbatch", "blender")


def lines(page: str) -> list[list[str]]:
    """The words of each line of a page's shell blocks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    whole = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [words for line in whole if (words := shlex.split(line, comments=True))]


def said(text: str) -> set[str]:
    """The commands in a page's running text."""
    fenced = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
    shown = [line for block in fenced.findall(text) for line in block.splitlines() if line.startswith(PROGRAM)]
    return {*shown, *re.findall(f"`({PROGRAM}[^`]+)`", fenced.sub("", text))}


def smaller(words: list[str]) -> list[str]:
    """A command with what is added to it."""
    added = next((options for start, options in ADDED.items() if words[: len(start.split())] == start.split()), ())
    pairs = zip(added[::2], added[1::2], strict=True)
    return words + [word for option, value in pairs if option not in words for word in (option, value)]


def meant(row: tuple[str, ...], words: list[str]) -> bool:
    """Whether a row of ELSEWHERE means a command."""
    start = row[0].split()
    return words[: len(start)] == start and row[1] in words


def elsewhere(words: list[str]) -> list[str]:
    """The option, or none, with which a command is run that cannot be run as it is."""
    return [row[-1] for row in ELSEWHERE if meant(row, words)][:1]


def named(words: list[str], folder: Path, environment: dict[str, str]) -> list[str]:
    """A command with the latest run for RUN and the job's first scene for SCENE."""
    if "RUN" not in words:
        return words
    listed = interact_farm("runs", "list", "--json", cwd=folder, env=environment)
    assert listed.returncode == 0, listed.stderr
    scene = next(line for line in (folder / "job.txt").read_text().splitlines() if not line.startswith("#"))
    names = {"RUN": json.loads(listed.stdout)[0]["id"], "SCENE": scene}
    return [names.get(word, word) for word in words]


def test_there_is_a_page_for_each_subject_and_the_readme_links_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in (ROOT / "docs").glob("*.md")) == sorted(PAGES)
    assert [page for page in PAGES if f"](docs/{page})" not in readme] == []


def test_nothing_is_left_out_that_no_page_says():
    every = [words for page in PAGES for words in lines(page)]
    unused = [row for row in ELSEWHERE if not any(meant(row, words[1:]) for words in every)]
    assert unused == []
    assert {words[0] for words in every} >= set(OTHERS)


@pytest.mark.parametrize("page", PAGES)
def test_what_it_links_is_there(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    linked = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in linked if link and not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{page}" for page in PAGES)])
def test_every_command_that_it_names_is_there_with_its_options(page):
    for line in sorted(said((ROOT / page).read_text(encoding="utf-8"))):
        done = CliRunner().invoke(main, [*shlex.split(line, comments=True)[1:], "--help"])
        assert done.exit_code == 0, f"{line}: {done.output}"


def test_its_tables_are_what_the_program_reads(tmp_path):
    for page, name in (
        ("own_template.md", "rigs.toml"),
        ("own_template.md", "robots.toml"),
        ("farm.md", "cluster.toml"),
    ):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        (block,) = re.findall(rf"^```toml\n(# \S*{name}.*?)^```$", text, re.DOTALL | re.MULTILINE)
        (tmp_path / name).write_text(block, encoding="utf-8")
    table = rigs.read_table(tmp_path / "people.blend")
    assert (table.armatures, table.preset_names["002"]) == ({"001": "Ben_rig", "002": "Anna_rig"}, "Unreal 5")
    assert "Unreal 5" in [preset.name for preset in presets.known()]
    assert preset_file.read(tmp_path / "robots.toml").name == "Our robots"
    assert cluster_file.read(tmp_path / "cluster.toml").jobs == 20


@pytest.mark.parametrize("page", [page for page in PAGES if lines(page)])
def test_its_commands_run(page, ten, tmp_path):
    data = shutil.copytree(ten, tmp_path / "data")
    environment = os.environ | {"INTERACT_DATA": str(data), "PYTHONPATH": str(ROOT)}
    for program, *words in lines(page):
        if program == "export":
            name, _, value = words[0].partition("=")
            environment[name] = value.replace(DATA, str(data))
            continue
        if program in OTHERS:
            continue
        assert Path(program).name == "interact-farm", program
        words = [word.replace(DATA, str(data)) for word in words]
        words = [*words, *option] if (option := elsewhere(words)) else named(smaller(words), tmp_path, environment)
        done = interact_farm(*words, cwd=tmp_path, env=environment)
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stdout}{done.stderr}"
    assert [made for made in MADE[page] if not [*tmp_path.glob(made)]] == []
