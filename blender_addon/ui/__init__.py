"""The extension in Blender's window: operators, panels, properties and preferences, thin over `scene`."""

from __future__ import annotations

from types import ModuleType

from . import preferences, properties, reading

#: Each has `register` and `unregister`; in the order in which they need one another.
_MODULES: tuple[ModuleType, ...] = (preferences, properties, reading)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
