"""The extension's preferences: where the farm's command is, and what new files begin with."""

import shutil
from pathlib import Path

import bpy
from bpy.props import IntProperty, StringProperty

#: What the extension is called in this Blender: `bl_ext.<repository>.interact_farm`, or the package's own name.
EXTENSION = __package__.rpartition(".")[0]

#: The farm's command where no path to it is set.
FARM_COMMAND = "interact-farm"


class InteractPreferences(bpy.types.AddonPreferences):
    """Kept with Blender's own preferences, for all files."""

    bl_idname = EXTENSION

    farm_command: StringProperty(
        name="Farm Command",
        description="The program interact-farm, which renders in the background; empty: the one on PATH",
        subtype="FILE_PATH",
    )
    data_root: StringProperty(
        name="Data Set",
        description="The data set's root folder where a file names none",
        subtype="DIR_PATH",
    )
    workers: IntProperty(
        name="Blenders at Once",
        description="How many Blenders the farm renders with on this machine; 0: as many as it feeds",
        min=0,
        max=256,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        for name in ("farm_command", "workers", "data_root"):
            column.prop(self, name)


def preferences(context: bpy.types.Context) -> InteractPreferences | None:
    """The user's preferences; None where the package was registered without being enabled as an extension."""
    found = context.preferences.addons.get(EXTENSION)
    return found.preferences if found else None


def farm_command(context: bpy.types.Context) -> Path | None:
    """The farm's program as an absolute path; None where there is none."""
    known = preferences(context)
    named = bpy.path.abspath(known.farm_command) if known else ""
    found = shutil.which(named or FARM_COMMAND)
    return Path(found).absolute() if found else None


def register() -> None:
    bpy.utils.register_class(InteractPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(InteractPreferences)
