"""In Blender's window: enable and disable the installed extension some times, and tell what is left behind."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import in_window

EXTENSION = "bl_ext.user_default.interact_farm"


def state() -> dict:
    """All that an extension can add to, by name."""
    keymaps = {}
    for configuration in bpy.context.window_manager.keyconfigs:
        for keymap in configuration.keymaps:
            items = sorted(f"{item.idname} {item.type}" for item in keymap.keymap_items)
            keymaps[f"{configuration.name}/{keymap.name}/{keymap.space_type}/{keymap.region_type}"] = items
    draws = {}
    for name in dir(bpy.types):
        functions = getattr(getattr(getattr(bpy.types, name), "draw", None), "_draw_funcs", ())
        draws[name] = sorted(f"{function.__module__}.{function.__qualname__}" for function in functions)
    handlers = {name: list(map(repr, found)) for name, found in vars_of(bpy.app.handlers)}
    properties = {}
    for name in dir(bpy.types):
        kind = getattr(bpy.types, name)
        if isinstance(kind, type) and issubclass(kind, bpy.types.ID | bpy.types.WindowManager):
            properties[name] = sorted(kind.bl_rna.properties.keys())
    return {
        "types": sorted(dir(bpy.types)), "operators": sorted(dir(bpy.ops.interact)), "keymaps": keymaps,
        "handlers": handlers, "draws": {name: found for name, found in draws.items() if found},
        "properties": properties,
    }  # fmt: skip


def vars_of(module) -> list:
    return [(name, getattr(module, name)) for name in dir(module) if isinstance(getattr(module, name), list)]


def functions() -> list:
    """Every function of the extension's modules: a timer of it would be one of these."""
    modules = [module for name, module in sys.modules.items() if name.startswith(EXTENSION)]
    return [found for module in modules for found in vars(module).values() if callable(found)]


def steps(_asked: dict):
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    yield
    before = state()
    rounds, enabled = [], []
    for _ in range(3):
        assert bpy.ops.preferences.addon_enable(module=EXTENSION) == {"FINISHED"}
        yield
        enabled.append(state() != before)
        mine = functions()
        bpy.ops.preferences.addon_disable(module=EXTENSION)
        yield
        after = state()
        rounds.append({part: difference(before[part], after[part]) for part in before if before[part] != after[part]})
        rounds[-1] |= {"timers": [str(f) for f in mine if hasattr(f, "__code__") and bpy.app.timers.is_registered(f)]}
    bpy.ops.preferences.addon_enable(module=EXTENSION)
    with_it = state()
    bpy.ops.script.reload()
    yield
    reloaded = state()
    again = {part: difference(with_it[part], reloaded[part]) for part in with_it if with_it[part] != reloaded[part]}
    again.pop("handlers", None)  # Blender's own come back as other objects
    return {"rounds": rounds, "enabled": enabled, "reloaded": again, "classes": sorted(
        name for name in with_it["types"] if name not in before["types"]
    )}  # fmt: skip


def difference(before, after) -> list:
    if isinstance(before, dict):
        return [f"{key}: {before.get(key)} -> {after.get(key)}" for key in {*before, *after}
                if before.get(key) != after.get(key)]  # fmt: skip
    return sorted({*before} ^ {*after})


in_window.play(steps)
