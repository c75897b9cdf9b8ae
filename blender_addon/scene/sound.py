"""Voices in Blender's sequencer: heard on play, in step with the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

#: Marks strips and sounds that were put in here; on a scene: that its sequencer was made here.
_OWN = "interact_sound"


def add(scene: bpy.types.Scene, files: Sequence[Path]) -> list[str]:
    """Put voices into the scene's sequencer, each on a free channel from frame 1; returns notices.

    Play waits for the sound from now on (`scene.sync_mode`), else a slow viewport would fall behind it.
    """
    there = [path for path in files if path.is_file()]
    notices = [f"{path}: no such file; this voice is silent" for path in files if path not in there]
    if there and scene.sequence_editor is None:
        scene.sequence_editor_create()
        scene[_OWN] = True
    for path in there:
        strips = _strips(scene)
        channel = max((strip.channel for strip in strips), default=0) + 1
        strip = strips.new_sound(path.stem, str(path), channel, 1)
        strip[_OWN] = strip.sound[_OWN] = True
        if strip.frame_final_duration <= 1:
            notices.append(f"{path}: Blender cannot read it as sound; this voice is silent")
    scene.sync_mode = "AUDIO_SYNC"
    return notices


def clear(scene: bpy.types.Scene) -> None:
    """Take the voices out again, and the sequencer where only they were in it."""
    if scene.sequence_editor is not None:
        strips = _strips(scene)
        for strip in [strip for strip in strips if _OWN in strip]:
            strips.remove(strip)
        if _OWN in scene and not len(strips):
            scene.sequence_editor_clear()
    if _OWN in scene:
        del scene[_OWN]
    for sound in [sound for sound in bpy.data.sounds if _OWN in sound and not sound.users]:
        bpy.data.sounds.remove(sound)


def _strips(scene: bpy.types.Scene) -> Any:
    """The sequencer's own strips: `sequences` until 4.3."""
    editor = scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences
