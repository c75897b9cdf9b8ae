"""For scripts that run inside Blender's window: to play a generator, beside Blender's own main loop."""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import bpy

#: Between two steps, seconds.
TICK = 0.02


def play(steps) -> None:
    """Play `steps(asked)`, a generator; what it returns is told to the test, and Blender ends.

    A `yield` lets Blender go on for a moment; `yield condition` until the function `condition` says so.
    """
    asked_path, told_path = map(Path, sys.argv[sys.argv.index("--") + 1 :])
    generator = steps(json.loads(asked_path.read_text()))
    waiting = {"for": None, "until": 0.0}

    def end(answer: dict) -> None:
        beside = told_path.with_suffix(".partial")
        beside.write_text(json.dumps(answer))
        os.replace(beside, told_path)
        sys.stdout.flush()
        os._exit(0)

    def tick() -> float:
        try:
            if waiting["for"] is not None:
                if not waiting["for"]():
                    if time.monotonic() > waiting["until"]:
                        raise TimeoutError(f"waited in vain for {waiting['for'].__name__}")
                    return TICK
                waiting["for"] = None
            waiting["for"] = next(generator)
            waiting["until"] = time.monotonic() + 90
        except StopIteration as ended:
            end(ended.value or {})
        except Exception:  # noqa: BLE001 - the test tells it
            end({"error": traceback.format_exc()})
        return TICK

    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(tick, first_interval=0.5, persistent=True)


def press(asked: dict, key: str) -> None:
    """Have the test press a key."""
    beside = Path(asked["pressed"]).with_suffix(".partial")
    beside.write_text(key)
    os.replace(beside, asked["pressed"])


def in_view(operator, **options) -> set[str]:
    """Call an operator as a click in the 3D view does."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        return operator("INVOKE_DEFAULT", **options)
