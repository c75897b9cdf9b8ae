"""The commands about data sets: `interact-farm data ...`."""

from __future__ import annotations

from pathlib import Path

import click

from . import console
from .data_check_command import check_command
from .options import PATH
from .report import tables


@click.group("data")
def data_group() -> None:
    """Data sets."""


data_group.add_command(check_command)


@data_group.command("make")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--lip-acc", "sentences", type=click.IntRange(0, 999), default=0, show_default=True,
              help="Sentences of actor 006 in lip_acc/, as long as a scene each.")  # fmt: skip
@click.option("--mess", is_flag=True, help="With the defects that real data has.")
def data_make(folder: Path, scenes: int, seconds: float, seed: int, sentences: int, mess: bool) -> None:
    """Make a small data set in InterAct's format in DIR: two people who talk."""
    from .demo.maker import make_dataset

    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed, mess=mess, sentences=sentences)
    shown = console.console()
    shown.print(f"made {len(made.scenes)} scenes in {folder}", soft_wrap=True)
    shown.print(f"job files: {made.body_job} and {made.face_job}", soft_wrap=True)
    tables.print_notices(shown, made.defects)
