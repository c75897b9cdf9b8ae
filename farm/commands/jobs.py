"""The commands about job files: `interact-farm jobs ...`."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup


@click.group(
    "jobs",
    cls=LazyGroup,
    places={
        "check": "farm.commands.jobs_file:jobs_check",
        "make": "farm.commands.jobs_make:jobs_make",
        "split": "farm.commands.jobs_file:jobs_split",
    },
)
def jobs_group() -> None:
    """Job files: one scene a line."""
