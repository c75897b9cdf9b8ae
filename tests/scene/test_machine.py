"""A scene renders with the threads and cards that its worker was given."""

from __future__ import annotations

import bpy
import pytest

from blender_addon.scene import machine
from blender_addon.scene.machine import Machine


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings()
    return bpy.context.scene


def test_threads_are_fixed_where_they_were_said_and_else_the_templates(scene):
    scene.render.threads_mode, scene.render.threads = "FIXED", 5
    Machine().set_up(scene)
    assert (scene.render.threads_mode, scene.render.threads) == ("FIXED", 5)
    scene.render.threads_mode = "AUTO"
    Machine(threads=3).set_up(scene)
    assert (scene.render.threads_mode, scene.render.threads) == ("FIXED", 3)


def cards(monkeypatch, *kinds: str) -> dict:
    """Cycles' preferences of a machine with cards of these kinds and one processor."""

    class Device:
        def __init__(self, kind: str) -> None:
            self.type, self.use = kind, False

    class Preferences:
        compute_device_type = "NONE"
        devices = [Device(kind) for kind in (*kinds, "CPU")]  # noqa: RUF012 - one instance, of this call

        def get_devices_for_type(self, kind: str) -> list[Device]:
            if kind == "ONEAPI":
                raise ValueError("this build has none")
            return [device for device in self.devices if device.type in (kind, "CPU")]

    class Addon:
        preferences = Preferences()

    monkeypatch.setattr(machine, "_cycles", lambda: Addon.preferences)
    return Addon.preferences


@pytest.mark.parametrize(
    ("kinds", "chosen"), [(["CUDA", "OPTIX"], "OPTIX"), (["HIP", "CUDA"], "CUDA"), (["METAL"], "METAL")]
)
@pytest.mark.parametrize("promised", [True, False])
def test_cycles_uses_the_quickest_kind_of_card_and_no_processor_beside_it(scene, monkeypatch, kinds, chosen, promised):
    preferences = cards(monkeypatch, *kinds)
    scene.render.engine = "CYCLES"
    assert Machine(gpu=promised).set_up(scene) == ()
    assert (preferences.compute_device_type, scene.cycles.device) == (chosen, "GPU")
    assert {device.type for device in preferences.devices if device.use} == {chosen}


def test_a_card_that_was_promised_and_is_not_there_is_one_sentence(scene, monkeypatch):
    cards(monkeypatch)
    scene.render.engine = "CYCLES"
    scene.cycles.device = "GPU"
    assert Machine().set_up(scene) == ()
    (said,) = Machine(gpu=True).set_up(scene)
    assert "Cycles finds no graphics card here (of OPTIX, CUDA, HIP, ONEAPI, METAL)" in said
    assert scene.cycles.device == "CPU"
    scene.render.engine = "BLENDER_WORKBENCH"
    assert Machine(gpu=True).set_up(scene) == ()
