"""`interact-farm data make`: a small data set in InterAct's format."""

from __future__ import annotations

from pathlib import Path

import click

from ..demo.maker import make_dataset
from ..report import tables
from . import console
from .options import PATH


@click.command("make")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--scenes", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--lip-acc", "sentences", type=click.IntRange(0, 999), default=0, show_default=True,
              help="Sentences of actor 006 in lip_acc/, as long as a scene each.")  # fmt: skip
@click.option("--mess", is_flag=True, help="With the defects that real data has.")
def data_make(folder: Path, scenes: int, seconds: float, seed: int, sentences: int, mess: bool) -> None:
    """Make a small data set in InterAct's format in DIR: two people who talk."""
    made = make_dataset(folder, scenes=scenes, seconds=seconds, seed=seed, mess=mess, sentences=sentences)
    shown = console.console()
    shown.print(f"made {len(made.scenes)} scenes in {folder}", soft_wrap=True)
    jobs = [made.body_job, made.face_job, *([made.lip_acc_job] if made.lip_acc_job else [])]
    shown.print(f"job files: {', '.join(map(str, jobs[:-1]))} and {jobs[-1]}", soft_wrap=True)
    tables.print_notices(shown, made.defects)
