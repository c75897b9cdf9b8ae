"""Which template a run renders with: the user's own, the data set's, or the built-in one, built once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from blender_addon.dataset import batch, databases, face_heads, ict, presets
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import __version__, assets, known_files, plan, subjects
from .blender import WORKER, Blender
from .errors import FarmError
from .executors.local import do_one
from .known_files import file_fingerprint

#: The rig table that a user may write beside his template.
_RIG_TABLE = "rigs.toml"

_NO_HEADS = "--faces ict: mannequins have faces of their own, only people (--actors people) wear ICT heads"


@dataclass(frozen=True)
class Template:
    """A template file and the fingerprint of what it shows, but for the actors of a built-in one, each of whom has
    his own: data of others that come later change nothing of him. request: what builds it, None for the user's own;
    notices: where it is not what was asked for, whoever is rendered; of single actors `heads_of` tells."""

    path: Path
    fingerprint: str
    actors: Mapping[str, str] = field(default_factory=dict)
    request: batch.MakeTemplate | batch.MakeFaceTemplate | None = None
    notices: tuple[str, ...] = ()

    @property
    def builtin(self) -> bool:
        return self.request is not None


def choose(
    dataset: Dataset,
    outputs: plan.Outputs,
    choice: Path | str | None = None,
    people: str = "",
    faces: str = "people",
    rig: str = batch.CAPTURE,
) -> Template:
    """For body scenes: `choice`, else the data set's `scripts/body_to_render.blend`, else the built-in template.

    Builds nothing. people: the folder of the people's data, or "" for mannequins; faces: theirs, of batch.FACES; rig:
    whose bones they have, of batch.RIGS. FarmError where the choice is no .blend file.
    """
    own = choice or (dataset.body_template if dataset.body_template.is_file() else None)
    if own is not None:
        asked = [f"--faces {faces}"] * (faces != "people") + [f"--rig {rig}"] * (rig != batch.CAPTURE)
        told = (f"{' and '.join(asked)}: only of built-in actors; {Path(own).name} has its own",) if asked else ()
        return replace(_own(own), notices=told)
    notices = () if people or faces != "ict" else (_NO_HEADS,)
    kind = f"people {assets.SHA256} {rig}" if people else "mannequins"
    fingerprint, actors = _builtin_fingerprints(dataset, kind, own_heads=bool(people) and faces == "ict")
    path = outputs.runs / f"template-{_digest(fingerprint, *actors.values())}.blend"
    request = batch.MakeTemplate("template", str(dataset.root), str(path), people, faces, rig)
    with known_files.opened() as known:
        return Template(path, fingerprint + _presets_fingerprint(None, known), actors, request, notices)


def choose_face(
    dataset: Dataset, outputs: plan.Outputs, choice: Path | str | None = None, people: str = ""
) -> Template:
    """For faces: `choice`, else the data set's `scripts/face_ict_to_render.blend`, else the built-in face template.

    Builds nothing. people: as for `choose`. FarmError where the choice is no .blend file.
    """
    own = choice or (dataset.face_template if dataset.face_template.is_file() else None)
    if own is not None:
        return _own(own)
    kind = f"faces, people {assets.SHA256}" if people else "faces, mannequins"
    fingerprint, actors = _builtin_fingerprints(dataset, kind, own_heads=dataset.ict_basis.is_file())
    path = outputs.runs / f"face-template-{_digest(fingerprint, *actors.values())}.blend"
    request = batch.MakeFaceTemplate("template", str(dataset.root), str(path), people)
    return Template(path, fingerprint, actors, request)


def _own(path: Path | str) -> Template:
    own = Path(path).absolute()
    if not own.is_file():
        raise FarmError(f"{own}: no such template; --template must name a .blend file")
    with open(own, "rb") as file:
        magic = file.read(7)
    # A .blend is plain, or compressed by zstd (from 3.0) or gzip (before).
    if not (magic == b"BLENDER" or magic.startswith((b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))):
        raise FarmError(f"{own}: is no .blend file; --template must name one")
    with known_files.opened() as known:
        table = known.fingerprint(own.with_name(_RIG_TABLE))
        return Template(own, known.fingerprint(own) + table + _presets_fingerprint(own, known))


def _presets_fingerprint(template: Path | None, known: known_files.KnownFiles) -> str:
    """Of the user's own presets: which bones of a rig move is what they say. Nothing where there are none."""
    return "".join(known.fingerprint(path) for path in presets.own_files(template))


@dataclass(frozen=True)
class HeadsOf:
    """notices: which of the actors that somebody renders have another head than was asked for or than is their own, and
    why; refused: {what cannot be rendered, as the head of one of its actors is broken: why, and what to do}."""

    notices: tuple[str, ...] = ()
    refused: Mapping[SceneId | PerformanceId, str] = field(default_factory=dict)


def heads_of(template: Template, dataset: Dataset, names: Iterable[SceneId | PerformanceId]) -> HeadsOf:
    """What there is to tell of the heads of those whom somebody renders; reads them.

    Told by each run, not when the template is built: that has everybody's heads, and is built once.
    """
    request = template.request
    of_faces = isinstance(request, batch.MakeFaceTemplate)
    if not of_faces and not (isinstance(request, batch.MakeTemplate) and request.assets and request.faces == "ict"):
        return HeadsOf()
    seen = {name: subjects.actors_of(dataset, name) for name in names}
    actors = {actor for who in seen.values() for actor in who}
    if not actors:
        return HeadsOf()
    if of_faces:
        heads: face_heads.FaceHeads | ict.Heads = face_heads.choose(dataset, actors)
    else:
        heads = ict.heads(dataset, actors & databases.actors(dataset).keys())
    remedy = "repair it, or remove it to render actor {} with the built-in face"
    why = {actor: f"{problem}; {remedy.format(actor)}" for actor, problem in heads.broken.items()}
    refused = {
        name: next(why[actor] for actor in who if actor in why) for name, who in seen.items() if why.keys() & who
    }
    return HeadsOf(heads.notices, refused)


def build(template: Template, blender: Blender) -> None:
    """See that the template's file is there: a built-in one is built the first time."""
    if template.request is not None and not template.path.is_file():
        do_one(blender, replace(template.request, output=str(template.path)))


def make(
    output: Path,
    dataset: Dataset,
    blender: Blender,
    people: str = "",
    faces: str = "people",
    rig: str = batch.CAPTURE,
) -> tuple[str, ...]:
    """Build the built-in template with every actor of the data set; returns notices. Otherwise as for `choose`."""
    output = Path(output).absolute()
    if output.suffix != ".blend":
        raise FarmError(f"{output}: a template's name ends in .blend")
    event = do_one(blender, batch.MakeTemplate("template", str(dataset.root), str(output), people, faces, rig))
    bodiless = databases.actors(dataset).keys() - actor_skeletons(dataset).keys()
    return (
        *(f"actor {actor}: has no BVH in {dataset.root}, and so no body in the template" for actor in sorted(bodiless)),
        *event["notices"],
        *([] if people or faces != "ict" else [_NO_HEADS]),
    )


def _builtin_fingerprints(dataset: Dataset, kind: str, *, own_heads: bool) -> tuple[str, dict[str, str]]:
    """Of the code that makes people and stage and of who the actors are, and by actor of skeleton and ICT head."""
    actors = databases.actors(dataset)
    sources = sorted(p for part in ("dataset", "scene") for p in (WORKER.parent / part).rglob("*.py"))
    basis = f"heads {file_fingerprint(dataset.ict_basis)}" if own_heads else ""
    code = (source.read_bytes() for source in sources)
    shared = _digest(__version__, *code, kind, basis, *map(repr, actors.values()))
    skeletons = {
        actor: repr((skeleton.names, skeleton.offsets.tolist()))
        for actor, skeleton in sorted(actor_skeletons(dataset).items())
    }
    everybody = repr(skeletons)  # whose body an actor without a motion may have
    heads = {actor: file_fingerprint(dataset.face_ict_template(actor)) if own_heads else "" for actor in actors}
    return shared, {actor: _digest(skeletons.get(actor, everybody), heads[actor]) for actor in actors}


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()
