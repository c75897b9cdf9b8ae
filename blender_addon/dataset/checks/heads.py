"""What is wrong with the actors' own heads, `face_ict_templates/NNN.obj`."""

from __future__ import annotations

from collections.abc import Iterator

from .. import ict
from ..layout import Dataset
from . import findings
from .findings import Finding
from .inventory import face_templates


def check(dataset: Dataset) -> Iterator[Finding]:
    """Templates without a byte, and those that cannot be a head; the latter only where the basis is there and whole."""
    actors = {name for name in face_templates(dataset.root) if len(name) == 3 and name.isdecimal()}
    paths = {actor: dataset.face_ict_template(actor) for actor in sorted(actors)}
    names = {actor: path.relative_to(dataset.root).as_posix() for actor, path in paths.items()}
    empty = {actor for actor, path in paths.items() if path.is_file() and not path.stat().st_size}
    for actor in sorted(empty):
        yield Finding(findings.EMPTY, names[actor], "has no bytes")
    if actors > empty:
        for actor, why in ict.heads(dataset, actors - empty).broken.items():
            yield Finding(findings.BAD_HEAD, names[actor], why.removeprefix(f"{paths[actor]}: "))
