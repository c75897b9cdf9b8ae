"""Commands that make one video to look at: no job file, no template."""

from __future__ import annotations

import click

from .video_compare import compare_command
from .video_present import present_command
from .video_show import show_command


@click.group("video")
def video_group() -> None:
    """Videos to look at: of any motion file, of a scene with its faces, of several motions side by side."""


video_group.add_command(compare_command)
video_group.add_command(present_command)
video_group.add_command(show_command)
