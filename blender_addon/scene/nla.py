"""Actions that compositing made, as strips of the NLA."""

from __future__ import annotations

import bpy

from . import fcurves


def to_strip(owner: bpy.types.ID, track_name: str) -> None:
    """Have `owner` play its action by a strip on a track of that name, above its other tracks."""
    data = owner.animation_data
    action = data.action
    slot = data.action_slot if hasattr(data, "action_slot") else None
    track = data.nla_tracks.new()
    track.name = track_name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if slot is not None:
        strip.action_slot = slot
    data.action = None


def remove_own(owner: bpy.types.ID) -> None:
    """Take away the tracks whose strips all play what compositing made."""
    data = owner.animation_data
    for track in list(data.nla_tracks) if data else []:
        actions = [strip.action for strip in track.strips]
        if actions and all(action is not None and action.get(fcurves.OWN_ACTION) for action in actions):
            data.nla_tracks.remove(track)
