"""The commands about job files: `interact-farm jobs ...`."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup


@click.group(
    "jobs",
    cls=LazyGroup,
    places={
        "check": "farm.jobs_file_commands:jobs_check",
        "make": "farm.jobs_make_command:jobs_make",
        "split": "farm.jobs_file_commands:jobs_split",
    },
)
def jobs_group() -> None:
    """Job files: one scene a line."""
