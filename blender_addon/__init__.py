"""InterAct Render Farm: the Blender extension, and the data-set layer that the render farm shares with it.

Blender calls `register` and `unregister`; nothing else here needs Blender.
"""


def register() -> None:
    """Add what the extension shows to Blender; nothing runs before it is used."""
    from . import ui

    ui.register()


def unregister() -> None:
    """Take all of it away again."""
    from . import ui

    ui.unregister()
