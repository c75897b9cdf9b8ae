"""Which head the built-in face template has of an actor: his own ICT head, or one on a body, perhaps another's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import databases, ict
from .actor_skeletons import actor_skeletons
from .bvh import Skeleton
from .databases import Actor
from .layout import Dataset


@dataclass(frozen=True)
class FaceHeads:
    """own: ICT heads by actor; bodies: {another actor: whose body his head is made on}; an actor in neither has no
    head. broken: as of ict.Heads, whose heads are made on a body too; notices: why others have not their own, one
    sentence each, or one for all."""

    own: dict[str, ict.Head]
    bodies: dict[str, str]
    broken: dict[str, str]
    notices: tuple[str, ...]


def choose(dataset: Dataset, actors: Iterable[str]) -> FaceHeads:
    """The heads of actors; those that actors.db does not know are left out. DatasetError where it cannot be read."""
    known = databases.actors(dataset)
    wanted = sorted(known.keys() & set(actors))
    heads = ict.heads(dataset, wanted) if dataset.ict_basis.is_file() else ict.Heads({}, {}, ())
    skeletons = actor_skeletons(dataset)
    bodies: dict[str, str] = {}
    told = list(heads.notices)
    for actor in wanted:
        if actor in heads.own:
            continue
        if skeletons:
            bodies[actor] = actor if actor in skeletons else _nearest(actor, skeletons, known)
        if actor in heads.broken:
            continue
        if not skeletons:
            told.append(f"actor {actor}: has neither ICT head nor BVH in {dataset.root}, and so no head to render")
        elif bodies[actor] != actor:
            told.append(f"actor {actor}: no BVH tells his size; his head is made on the body of actor {bodies[actor]}")
    return FaceHeads(heads.own, bodies, heads.broken, tuple(told))


def _nearest(actor: str, others: Mapping[str, Skeleton], known: Mapping[str, Actor]) -> str:
    """The first of other actors who has the actor's gender, else the first at all."""
    return min(others, key=lambda other: (other not in known or known[other].gender != known[actor].gender, other))
