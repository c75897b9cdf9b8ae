"""The extension in Blender's window: operators, panels, properties and preferences, thin over `scene`."""

from __future__ import annotations

from types import ModuleType

from . import (
    composite_operators,
    data_operators,
    import_operators,
    panel,
    preferences,
    properties,
    reading,
    rig_operators,
    scene_list,
    translations,
)

#: Each has `register` and `unregister`; in the order in which they need one another.
_MODULES: tuple[ModuleType, ...] = (
    translations,
    preferences,
    properties,
    reading,
    data_operators,
    rig_operators,
    composite_operators,
    import_operators,
    scene_list,
    panel,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
