"""The command line: one group per noun, each command thin over a plain function and loaded when it is called."""

from __future__ import annotations

import sys

import click

from blender_addon.dataset.errors import DatasetError

from . import __version__
from .errors import FarmError
from .lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    places={
        "demo": "farm.demo_command:demo_command",
        "doctor": "farm.doctor_command:doctor_command",
        "data": "farm.data_commands:data_group",
        "jobs": "farm.jobs_commands:jobs_group",
        "body": "farm.body_commands:body_group",
        "face": "farm.face_commands:face_group",
        "verify": "farm.verify_command:verify_command",
        "runs": "farm.runs_commands:runs_group",
        "batch": "farm.batch_commands:batch_group",
        "video": "farm.video_commands:video_group",
        "template": "farm.template_commands:template_group",
        "addon": "farm.addon_commands:addon_group",
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
