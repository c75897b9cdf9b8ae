"""The extension in Blender's window: operators, panels, properties and preferences, thin over `scene`."""

from __future__ import annotations

from types import ModuleType

from . import (
    composite_operators,
    data_operators,
    farm_job,
    import_operators,
    panel,
    preferences,
    properties,
    reading,
    render_all,
    render_panel,
    rig_operators,
    scene_list,
    show_text,
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
    show_text,
    render_all,
    farm_job,
    scene_list,
    panel,
    render_panel,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
