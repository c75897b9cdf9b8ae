"""Commands that make one video to look at: no job file, no template."""

from __future__ import annotations

import click

from .compare_command import compare_command
from .present_command import present_command
from .show_command import show_command


@click.group("video")
def video_group() -> None:
    """Videos to look at: of any motion file, of a scene with its faces, of several motions side by side."""


video_group.add_command(compare_command)
video_group.add_command(present_command)
video_group.add_command(show_command)
