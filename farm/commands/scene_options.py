"""The options that choose scenes, of every command that takes some of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click

from blender_addon.dataset.performance import KINDS
from blender_addon.dataset.queries import Filter


class ActorPair(click.ParamType):
    """Two actors, by a comma."""

    name = "A,B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        parts = [_number(part) for part in value.split(",")]
        if len(parts) != 2 or parts[0] == parts[1]:
            self.fail(f"{value!r} is no pair: write two actors such as 001,002", param, ctx)
        return parts[0], parts[1]


_OPTIONS = (
    click.option("--emotion", default="", metavar="E", help="The scenario's primary emotion, such as anger."),
    click.option("--relationship", default="", metavar="R", help="Who they are to each other, such as friends."),
    click.option("--actor", default="", metavar="A", callback=lambda _c, _p, value: _number(value),
                 help="With this actor, such as 001."),
    click.option("--pair", "actors", type=ActorPair(), help="With these two actors."),
    click.option("--date", default="", metavar="D", help="Of this session, such as 20231119."),
    click.option("--gender-order", "male_first", is_flag=True,
                 help="Name the man first, also in --pair; without it actors are in the order of their numbers."),
    click.option("--text", default="", metavar="WORDS", help="Words that scenario or characters have, all of them."),
    click.option("--min-seconds", type=click.FloatRange(0), default=0.0, metavar="S", help="At least so long."),
    click.option("--missing", type=click.Choice([*KINDS, "any"]),
                 callback=lambda _c, _p, value: value or "",
                 help="Where a file of that kind is not there for one of the two."),
)  # fmt: skip


def filter_options(command: Callable) -> Callable:
    """The options that choose scenes, gathered into one `wanted` argument."""

    @wraps(command)
    def gathered(**given: Any) -> Any:
        return command(wanted=Filter(**{f.name: given.pop(f.name) for f in fields(Filter)}), **given)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def _number(text: str) -> str:
    """An actor's number in three digits: 1 is 001."""
    text = text.strip()
    return text.zfill(3) if text else ""
