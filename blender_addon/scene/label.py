"""A label burnt into rendered frames: which scene, which frame, which emotion, what is said.

Blender's own stamp draws it when a frame is written, after the engine: the same in Workbench, EEVEE and Cycles,
in every Blender from 4.2 to 5.2, and it costs no render time. Its fields lie in different corners; so everything
goes into the one note, in the upper left corner, which a handler writes anew for each frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import bpy

from ..dataset import databases, sentences
from ..dataset.layout import Dataset
from ..dataset.naming import PerformanceId, SceneId

#: The letters' height as a share of the picture's, and the least that can be read, pixels.
_HEIGHT, _LEAST, _MOST = 1 / 28, 12, 64
_COLOUR, _GROUND = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.75)


def text_of(dataset: Dataset, name: SceneId | PerformanceId, parts: Sequence[str]) -> Callable[[int], str]:
    """What the label says in a frame. parts: of batch.LABEL_PARTS, in the order to show them."""
    facts: dict[str, str] = {}
    if "id" in parts:
        facts["id"] = str(name)
    if "emotion" in parts:
        facts["emotion"] = databases.emotion_of(dataset, name.scene if isinstance(name, PerformanceId) else name)
    if "sentence" in parts:
        facts["sentence"] = sentences.sentence_of(dataset, name) if isinstance(name, PerformanceId) else ""

    def text(frame: int) -> str:
        words = (f"{frame:05d}" if part == "frame" else facts[part] for part in parts)
        return "  ".join(word for word in words if word)

    return text


@contextmanager
def burnt_in(scene: bpy.types.Scene, text: Callable[[int], str] | None) -> Iterator[None]:
    """While this lasts, frames that `scene` writes carry the label; nothing without a text.

    To be entered after everything else about the output is set: the stamp is part of it.
    """
    if text is None:
        yield
        return
    render = scene.render
    size = render.resolution_y * render.resolution_percentage / 100 * _HEIGHT
    render.use_stamp = render.use_stamp_note = True
    render.use_stamp_labels = False
    render.stamp_font_size = int(min(max(size, _LEAST), _MOST))
    render.stamp_foreground, render.stamp_background = _COLOUR, _GROUND

    def write(rendered: bpy.types.Scene, *_: object) -> None:
        if rendered == scene:
            rendered.render.stamp_note_text = text(rendered.frame_current)

    bpy.app.handlers.render_pre.append(write)
    try:
        yield
    finally:
        bpy.app.handlers.render_pre.remove(write)
        render.use_stamp = render.use_stamp_note = False
        render.stamp_note_text = ""
