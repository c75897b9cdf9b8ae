"""Which template a run renders with: the user's own, the data set's, or the built-in one, built once and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset import batch, databases
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.layout import Dataset

from . import __version__, assets, plan
from .blender import WORKER, Blender
from .errors import FarmError
from .executors.local import do_one

#: The rig table that a user may write beside his template.
_RIG_TABLE = "rigs.toml"


@dataclass(frozen=True)
class Template:
    """A template file and the fingerprint of what it shows; assets, rig: the people's data that a built-in one
    needs, and whose bones they have."""

    path: Path
    fingerprint: str
    builtin: bool
    assets: str = ""
    rig: str = batch.CAPTURE


def choose(
    dataset: Dataset,
    outputs: plan.Outputs,
    choice: Path | str | None = None,
    people: str = "",
    rig: str = batch.CAPTURE,
) -> Template:
    """`choice`, else the data set's own `scripts/body_to_render.blend`, else the built-in one; builds nothing.

    people: the folder of the people's data, or "" for mannequins; rig: one of batch.RIGS. FarmError where the choice
    is no .blend file.
    """
    own = choice or (dataset.body_template if dataset.body_template.is_file() else None)
    if own is not None:
        own = Path(own).absolute()
        if not own.is_file():
            raise FarmError(f"{own}: no such template; --template must name a .blend file")
        with open(own, "rb") as file:
            magic = file.read(7)
        # A .blend is plain, or compressed by zstd (from 3.0) or gzip (before).
        if not (magic == b"BLENDER" or magic.startswith((b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))):
            raise FarmError(f"{own}: is no .blend file; --template must name one")
        fingerprint = plan.file_fingerprint(own) + plan.file_fingerprint(own.with_name(_RIG_TABLE))
        return Template(own, fingerprint, builtin=False)
    fingerprint = _builtin_fingerprint(dataset, people=bool(people), rig=rig)
    return Template(outputs.runs / f"template-{fingerprint}.blend", fingerprint, builtin=True, assets=people, rig=rig)


def build(template: Template, dataset: Dataset, blender: Blender) -> None:
    """See that the template's file is there: a built-in one is built the first time."""
    if template.builtin and not template.path.is_file():
        make(template.path, dataset, blender, template.assets, template.rig)


def make(
    output: Path, dataset: Dataset, blender: Blender, people: str = "", rig: str = batch.CAPTURE
) -> tuple[str, ...]:
    """Build the built-in template with every actor of the data set; returns notices. people, rig: as for `choose`."""
    output = Path(output).absolute()
    if output.suffix != ".blend":
        raise FarmError(f"{output}: a template's name ends in .blend")
    event = do_one(blender, batch.MakeTemplate("template", str(dataset.root), str(output), people, rig))
    return tuple(event["notices"])


def _builtin_fingerprint(dataset: Dataset, *, people: bool, rig: str) -> str:
    """Of the actors' skeletons and of the code that makes people and stage from them."""
    digest = hashlib.blake2b(__version__.encode(), digest_size=8)
    for source in sorted((WORKER.parent / "scene").rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(f"people {assets.SHA256} {rig}".encode() if people else b"mannequins")
    skeletons = actor_skeletons(dataset)
    for actor in databases.actors(dataset).values():
        skeleton = skeletons.get(actor.id)
        digest.update(repr((actor, skeleton and (skeleton.names, skeleton.offsets.tolist()))).encode())
    return digest.hexdigest()
