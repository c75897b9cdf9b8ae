"""A template's own ways to run code or write files, taken from it before anything is rendered.

Blender itself holds back its Python text blocks and the drivers that could do more than reckon, as long as files are
opened without scripts. Beyond that: Freestyle runs its style modules all the same (seen in Blender 5.2), scripts of
Open Shading Language can write files, and so does the compositor's File Output.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy


def make_harmless() -> tuple[str, ...]:
    """Do it for all of the open file; returns a notice for each kind that it had."""
    found = {
        "Python style modules of Freestyle": _drop_style_modules(),
        "Open Shading Language scripts": _turn_off_shader_scripts(),
        "File Output nodes of the compositor": _mute_file_outputs(),
    }
    return tuple(f"the template's {what} are left out: it may not run code or write files of its own"
                 for what, there in found.items() if there)  # fmt: skip


def _drop_style_modules() -> bool:
    found = False
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            modules = layer.freestyle_settings.modules
            while modules:
                found = found or layer.freestyle_settings.mode == "SCRIPT"
                modules.remove(modules[0])
    return found


def _turn_off_shader_scripts() -> bool:
    if not any(node.bl_idname == "ShaderNodeScript" for node in _nodes()):
        return False
    for scene in bpy.data.scenes:
        scene.cycles.shading_system = False
    return True


def _mute_file_outputs() -> bool:
    found = False
    for node in _nodes():
        if node.bl_idname == "CompositorNodeOutputFile":
            node.mute = found = True
    return found


def _nodes() -> Iterator[bpy.types.Node]:
    """Every node of the file: those of groups, and of what has a tree of its own."""
    owners = (bpy.data.scenes, bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.linestyles)
    trees = [getattr(owner, "node_tree", None) for kind in owners for owner in kind]
    for tree in (*bpy.data.node_groups, *filter(None, trees)):
        yield from tree.nodes
