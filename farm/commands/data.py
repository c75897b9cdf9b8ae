"""The commands about data sets: `interact-farm data ...`."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup


@click.group(
    "data",
    cls=LazyGroup,
    places={
        "make": "farm.commands.data_make:data_make",
        "check": "farm.commands.data_check:check_command",
        "scenes": "farm.commands.data_query:data_scenes",
        "pairs": "farm.commands.data_query:data_pairs",
        "show": "farm.commands.data_show:data_show",
        "stats": "farm.commands.data_stats:data_stats",
    },
)
def data_group() -> None:
    """Data sets: what is in them, what is wrong with them, and making a small one."""
