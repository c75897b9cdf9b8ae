"""Runs in Blender: `make FROM TO MARK` gives a template all that writes files MARK.* by itself, `open FILE` lets it."""

from __future__ import annotations

import os
import sys

import bpy


def make(source: str, saved: str, mark: str) -> None:
    bpy.ops.wm.open_mainfile(filepath=source)
    scene = bpy.context.scene
    for name, registered in (("text", True), ("style", False)):
        text = bpy.data.texts.new(f"{name}.py")
        text.write(f"open({mark + '.' + name!r}, 'a').write('x')\n")
        text.use_module = registered
    cube = bpy.data.objects.new("cube", None)
    scene.collection.objects.link(cube)
    driver = cube.driver_add("location", 0).driver
    driver.type, driver.expression = "SCRIPTED", f"open({mark + '.driver'!r}, 'a').write('x')"
    scene.render.use_freestyle = True
    for layer in scene.view_layers:
        layer.use_freestyle = True
        layer.freestyle_settings.mode = "SCRIPT"
        layer.freestyle_settings.modules.new().script = bpy.data.texts["style.py"]
    if bpy.app.version >= (5, 0, 0):
        tree = scene.compositing_node_group = bpy.data.node_groups.new("compositor", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        result = tree.nodes.new("NodeGroupOutput")
        output = tree.nodes.new("CompositorNodeOutputFile")
        output.directory = f"{mark}.files"
        output.file_output_items.new("RGBA", "Image")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        result = tree.nodes.new("CompositorNodeComposite")
        output = tree.nodes.new("CompositorNodeOutputFile")
        output.base_path = f"{mark}.files"
    layers = tree.nodes.new("CompositorNodeRLayers")
    for node in (result, output):
        tree.links.new(layers.outputs["Image"], node.inputs[0])
    bpy.ops.wm.save_as_mainfile(filepath=saved)


def open_with_scripts(path: str) -> None:
    bpy.ops.wm.open_mainfile(filepath=path, use_scripts=True)
    bpy.context.scene.frame_set(2)
    bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 64
    bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
    bpy.ops.render.render()


arguments = sys.argv[sys.argv.index("--") + 1 :]
(make if arguments[0] == "make" else open_with_scripts)(*arguments[1:])
sys.stdout.flush()
os._exit(0)
