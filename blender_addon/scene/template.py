"""The built-in template: every actor of the data set on a stage, for users without a template of their own."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..dataset import databases, ict
from ..dataset.actor_skeletons import actor_skeletons
from ..dataset.batch import CAPTURE
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from . import colours, stage
from .mannequin import actor as mannequins
from .people import actor as people

#: On the scene of a template that was built here.
BUILTIN_PROPERTY = "interact_builtin"


def build(dataset: Dataset, assets: Path | str = "", faces: str = "people", rig: str = CAPTURE) -> tuple[str, ...]:
    """Replace the open file by the built-in template; returns notices (actors without an ICT head).

    Every actor of actors.db that has a BVH gets a body.

    assets: the folder of the people's data; without it the actors are mannequins. faces: "ict" for people with the
    heads that the data set has of the actors, else "people". rig: whose bones the people have, one of batch.RIGS;
    DatasetError for mannequins with any but the capture's.
    """
    if rig != CAPTURE and not assets:
        raise DatasetError(f"mannequins have the capture's own joints: the rig {rig} is for people")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene[BUILTIN_PROPERTY] = True
    stage.build_stage(scene)
    actors = databases.actors(dataset)
    skeletons = actor_skeletons(dataset)
    wearers = skeletons.keys() & actors if assets and faces == "ict" else ()
    heads = ict.heads(dataset, wearers) if wearers else ict.Heads({}, {}, ())
    looks = colours.looks_of({actor.id: actor.gender for actor in actors.values()})
    if not skeletons.keys() & actors:
        raise DatasetError(f"{dataset.root}: no actor of actors.db has a BVH in bvhs/ or bvhs_retarget/")
    for actor in actors.values():
        if actor.id not in skeletons:
            continue
        collection = bpy.data.collections.new(f"actor_{actor.id}")
        scene.collection.children.link(collection)
        if assets:
            people.build(
                actor.id, skeletons[actor.id], collection, look=looks[actor.id], assets=assets,
                head=heads.own.get(actor.id), rig=rig,
            )  # fmt: skip
        else:
            mannequins.build(actor.id, skeletons[actor.id], collection, look=looks[actor.id])
    return (*heads.notices, *ict.told_of_broken(heads.broken))


def is_builtin(scene: bpy.types.Scene) -> bool:
    """Whether the scene is the built-in template's."""
    return bool(scene.get(BUILTIN_PROPERTY))
