"""The commands about data sets: `interact-farm data ...`."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup


@click.group(
    "data",
    cls=LazyGroup,
    places={
        "make": "farm.data_make_command:data_make",
        "check": "farm.data_check_command:check_command",
        "scenes": "farm.data_query_commands:data_scenes",
        "pairs": "farm.data_query_commands:data_pairs",
        "show": "farm.data_show_command:data_show",
        "stats": "farm.data_stats_command:data_stats",
    },
)
def data_group() -> None:
    """Data sets: what is in them, what is wrong with them, and making a small one."""
