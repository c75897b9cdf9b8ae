"""The command line: one group per noun, each command thin over a plain function and loaded when it is called."""

from __future__ import annotations

import sys

import click

from blender_addon.dataset.errors import DatasetError

from . import __version__
from .commands.lazy_group import LazyGroup
from .errors import FarmError


@click.group(
    cls=LazyGroup,
    places={
        "demo": "farm.commands.demo:demo_command",
        "doctor": "farm.commands.doctor:doctor_command",
        "data": "farm.commands.data:data_group",
        "jobs": "farm.commands.jobs:jobs_group",
        "body": "farm.commands.body:body_group",
        "face": "farm.commands.face:face_group",
        "verify": "farm.commands.verify:verify_command",
        "runs": "farm.commands.runs:runs_group",
        "batch": "farm.commands.batch:batch_group",
        "video": "farm.commands.video:video_group",
        "template": "farm.commands.template:template_group",
        "addon": "farm.commands.addon:addon_group",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="interact-farm")
def main() -> None:
    """Turns InterAct's two-person motion capture into videos with sound.

    New here? `interact-farm demo DIR` makes a small data set and renders it; `interact-farm doctor` says what
    this machine can do.
    """


def run() -> None:
    """The entry point: errors that a user can act on are one sentence and exit code 1."""
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (FarmError, DatasetError) as error:
        # Loaded here: quick commands do without it.
        from rich.console import Console
        from rich.markup import escape

        Console(stderr=True).print(f"[red]Error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; the same command goes on where this one was", err=True)
        sys.exit(130)
