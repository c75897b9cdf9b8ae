"""A face scene: one actor's head in a scene of its own, `mesh-NNN`, and a performance's weights on its keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..dataset import blendshapes, ict_arkit, layout
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import PerformanceId
from . import fcurves

_SCENE = re.compile(r"mesh[-_ ]?(\d{3})", re.IGNORECASE)


@dataclass(frozen=True)
class Composited:
    """What compositing did: the scene it is in, its length in frames, and what a user should know about it."""

    scene: bpy.types.Scene
    frames: int
    notices: tuple[str, ...]


@dataclass(frozen=True)
class _Keys:
    """A mesh's keys by the weights' names: ARKit's or ICT's; how they were told apart, for the user."""

    names: dict[str, str]
    is_ict: bool
    notice: str = ""

    @property
    def all_names(self) -> tuple[str, ...]:
        return blendshapes.ICT_NAMES if self.is_ict else blendshapes.ARKIT_NAMES


def name_of(actor: str) -> str:
    """The scene of an actor's head."""
    return f"mesh-{actor}"


def composite(dataset: Dataset, performance: PerformanceId) -> Composited:
    """Put a performance's weights on the keys of its actor's head; frame 1 is the first row of the weights.

    What an earlier call put there is replaced. ICT weights are taken where there are some, else ARKit's; they are
    converted to what the head has. DatasetError, before anything is changed, for what does not fit.
    """
    scene = find(performance.actor)
    weights = blendshapes.load_any(dataset.face_weights(performance))
    heads = [(name, owner, keys) for name, owner in _heads(scene) if (keys := _keys_of(name, owner)) is not None]
    if not heads:
        raise DatasetError(f"scene {scene.name}: no mesh in it has the shape keys of ARKit or of ICT's faces")
    notices = [keys.notice for _, _, keys in heads if keys.notice]
    clear(scene)
    for name, owner, keys in heads:
        found = _columns(weights, keys)
        if missing := _missing(name, keys):
            notices.append(missing)
        _animate(owner, keys, found, f"{performance} face {name}")
    scene.frame_start, scene.frame_end, scene.frame_step = 1, len(weights), 1
    scene.render.fps, scene.render.fps_base = layout.FPS, 1.0
    return Composited(scene, len(weights), tuple(notices))


def put_weights(thing: bpy.types.Object, weights: np.ndarray, action: str) -> list[str]:
    """Put weights (N, 51) of ARKit or (N, 55) of ICT on one mesh's keys, frame 1 first; returns notices.

    DatasetError where it has keys of neither.
    """
    owner = thing.data.shape_keys
    keys = _keys_of(thing.name, owner) if owner is not None and len(owner.key_blocks) > 1 else None
    if keys is None:
        raise DatasetError(f"{thing.name}: has no shape keys of ARKit or of ICT's faces")
    missing = _missing(thing.name, keys)
    _animate(owner, keys, _columns(weights, keys), action)
    return [text for text in (keys.notice, missing) if text]


def find(actor: str) -> bpy.types.Scene:
    """The scene of an actor's head; DatasetError names those that the file has."""
    for scene in bpy.data.scenes:
        named = _SCENE.fullmatch(scene.name)
        if named and named[1] == actor:
            if scene.camera is None:
                raise DatasetError(f"scene {scene.name}: has no camera to render it with")
            return scene
    there = ", ".join(sorted(scene.name for scene in bpy.data.scenes)[:12])
    name = Path(bpy.data.filepath).name or "the open file"
    raise DatasetError(f"{name}: has no scene {name_of(actor)} for actor {actor}; its scenes are {there}")


def clear(scene: bpy.types.Scene) -> None:
    """Take away what `composite` put on a scene's head."""
    played = (owner.animation_data for _, owner in _heads(scene))
    for action in {data.action for data in played if data and data.action}:
        if action.get(fcurves.OWN_ACTION):
            bpy.data.actions.remove(action)


def _heads(scene: bpy.types.Scene) -> list[tuple[str, bpy.types.Key]]:
    """The scene's meshes that have keys: their names and keys."""
    found = []
    for item in scene.objects:
        owner = item.data.shape_keys if isinstance(item.data, bpy.types.Mesh) else None
        if owner is not None and len(owner.key_blocks) > 1:
            found.append((item.name, owner))
    return found


def _keys_of(mesh: str, owner: bpy.types.Key) -> _Keys | None:
    """By their names, of ICT or ARKit, whichever are more; else, where the number tells, by their order."""
    blocks = [block.name for block in owner.key_blocks][1:]
    plain = {_plain(name): name for name in reversed(blocks)}
    by_name = [
        _Keys({name: plain[_plain(name)] for name in names if _plain(name) in plain}, names is blendshapes.ICT_NAMES)
        for names in (blendshapes.ICT_NAMES, blendshapes.ARKIT_NAMES)
    ]
    best = max(by_name, key=lambda keys: len(keys.names))
    if len(best.names) >= len(best.all_names) // 2:
        return best
    for names in (blendshapes.ICT_NAMES, blendshapes.ARKIT_NAMES):
        if len(blocks) == len(names):
            kind = "ICT's" if names is blendshapes.ICT_NAMES else "ARKit's"
            return _Keys(
                dict(zip(names, blocks, strict=True)), names is blendshapes.ICT_NAMES,
                f"{mesh}: its shape keys have names of their own and are taken in {kind} order",
            )  # fmt: skip
    return best if best.names else None


def _plain(name: str) -> str:
    """A key's name without what exporters put before it, in one case."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[.:]", name)[-1].lower())


def _missing(mesh: str, keys: _Keys) -> str:
    """Which keys a mesh lacks, as a sentence; "" for none."""
    missing = [key for key in keys.all_names if key not in keys.names]
    more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    return f"{mesh} has no shape keys {', '.join(missing[:6])}{more}" if missing else ""


def _columns(weights: np.ndarray, keys: _Keys) -> np.ndarray:
    """Weights (N, 55) or (N, 51) as the head's kind of keys has them."""
    has_ict = weights.shape[1] == len(blendshapes.ICT_NAMES)
    if has_ict == keys.is_ict:
        return weights
    return ict_arkit.to_arkit(weights) if has_ict else ict_arkit.from_arkit(weights)


def _animate(owner: bpy.types.Key, keys: _Keys, weights: np.ndarray, name: str) -> None:
    column = {key: n for n, key in enumerate(keys.all_names)}
    for key, block_name in keys.names.items():
        # A key's slider range clamps what its F-curve says.
        block = owner.key_blocks[block_name]
        block.slider_min = min(block.slider_min, float(weights[:, column[key]].min()))
        block.slider_max = max(block.slider_max, float(weights[:, column[key]].max()))
    curves = (
        fcurves.Curve(f'key_blocks["{bpy.utils.escape_identifier(block)}"].value', 0, weights[:, column[key]])
        for key, block in keys.names.items()
    )
    fcurves.assign_action(owner, name, curves)
