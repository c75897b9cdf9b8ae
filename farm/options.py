"""Options that command groups share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


def data_option(command: Callable) -> Callable:
    return click.option(
        "--data", type=PATH, envvar="INTERACT_DATA", default=".", show_default="INTERACT_DATA, else here",
        help="The data set's root folder.",
    )(command)  # fmt: skip


def json_option(command: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)
