"""What of its machine a worker renders with: threads of the processor, and graphics cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

#: What Cycles can compute on beside the processor, the quickest first where a card offers more than one.
_CYCLES_DEVICES = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


@dataclass(frozen=True)
class Machine:
    """threads: of the processor, None for as many as the template says; gpu: whether a graphics card was promised."""

    threads: int | None = None
    gpu: bool = False

    def set_up(self, scene: bpy.types.Scene) -> tuple[str, ...]:
        """Make a scene, whose engine is chosen, render with it; returns a notice where a promised card is not found.

        Cycles uses the cards that it sees, promised or not: `--factory-startup` drops the user's own choice.
        """
        if self.threads is not None:
            scene.render.threads_mode = "FIXED"
            scene.render.threads = self.threads
        if scene.render.engine != "CYCLES" or _use_cards(scene) or not self.gpu:
            return ()
        scene.cycles.device = "CPU"
        return (f"Cycles finds no graphics card here (of {', '.join(_CYCLES_DEVICES)}): it renders on the processor",)


def _cycles() -> Any:
    """The engine's own preferences; who has the engine has them."""
    return bpy.context.preferences.addons["cycles"].preferences


def _use_cards(scene: bpy.types.Scene) -> bool:
    """Let Cycles render on the cards of the first kind that there are any of."""
    preferences = _cycles()
    for kind in _CYCLES_DEVICES:
        try:
            devices = preferences.get_devices_for_type(kind)
        except ValueError:
            continue  # a build without this kind
        if any(device.type == kind for device in devices):
            preferences.compute_device_type = kind
            for device in devices:
                device.use = device.type == kind
            scene.cycles.device = "GPU"
            return True
    return False
