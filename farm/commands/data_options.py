"""Options about data sets, which quick commands have too: nothing but click is loaded for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from blender_addon.dataset import layout

PATH = click.Path(path_type=Path)


def data_option(command: Callable) -> Callable:
    return click.option(
        "--data", type=PATH, envvar="INTERACT_DATA", default=".", show_default="INTERACT_DATA, else here",
        help="The data set's root folder.",
    )(command)  # fmt: skip


def set_option(command: Callable) -> Callable:
    return click.option(
        "--set", "subset", type=click.Choice(layout.SUBSETS), callback=lambda _c, _p, value: value or "",
        help="Recordings in a folder of their own: lip_acc, the extra hour of actor 006.",
    )(command)  # fmt: skip


def json_option(command: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)
