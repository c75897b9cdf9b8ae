"""Operators that say in the panel and in the info bar how they went, and those that work step by step."""

import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import bpy

from ..dataset.errors import DatasetError
from . import chosen, reading

#: What a user can put right, or Blender itself refuses; its message is shown.
TELLABLE = (DatasetError, OSError, RuntimeError)

#: How long a step-by-step operator works before it lets the window answer, seconds, and how soon it goes on.
_AT_ONCE, _PAUSE = 0.05, 0.005

Execute = Callable[[Any, bpy.types.Context], set[str]]


def told(execute: Execute) -> Execute:
    """An operator's `execute` whose errors are shown in the panel and the info bar, and leave no undo step."""

    @wraps(execute)
    def shown(operator: Any, context: bpy.types.Context) -> set[str]:
        try:
            return execute(operator, context)
        except TELLABLE as error:
            fail(operator, context.scene, error)
            return {"CANCELLED"}

    return shown


def fail(operator: bpy.types.Operator, scene: bpy.types.Scene, error: Exception) -> None:
    """Show an error."""
    text = str(error).strip().removeprefix("Error: ")
    chosen.tell(scene.interact, text)
    reading.redraw()
    operator.report({"ERROR"}, text)


class Steps:
    """A mix-in for operators whose `steps` yields how far they are, 0 to 1: Esc stops them, the window stays alive."""

    bl_label: str
    report: Callable[[set[str], str], None]
    steps: Callable[[bpy.types.Context], Iterator[float]]

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        try:
            for _ in self.steps(context):
                pass
        except TELLABLE as error:
            fail(self, scene, error)
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self._scene, self._steps = context.scene, self.steps(context)
        self._scene.interact.busy, self._scene.interact.progress = self.bl_label, 0.0
        self._timer = context.window_manager.event_timer_add(_PAUSE, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC":
            self.report({"INFO"}, f"{self.bl_label}: stopped")
            return self._end(context, {"FINISHED"})
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        until = time.monotonic() + _AT_ONCE
        try:
            while time.monotonic() < until:
                self._scene.interact.progress = next(self._steps)
        except StopIteration:
            return self._end(context, {"FINISHED"})
        except ReferenceError:  # undone or removed meanwhile
            self.report({"WARNING"}, f"{self.bl_label}: stopped, its scene has changed")
            return self._end(context, {"CANCELLED"})
        except TELLABLE as error:
            fail(self, self._scene, error)
            return self._end(context, {"CANCELLED"})
        reading.redraw()
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        self._end(context, {"CANCELLED"})

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        context.window_manager.event_timer_remove(self._timer)
        self._steps.close()
        for scene in bpy.data.scenes:
            if scene.interact.busy == self.bl_label:
                scene.interact.busy = ""
        reading.redraw_twice()
        return result
