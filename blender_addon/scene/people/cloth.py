"""Cloth with the soft light and shade of folds: nodes that EEVEE and Cycles show and Workbench does not read."""

from __future__ import annotations

import bpy

#: Folds a metre across and along the body's height: they hang.
_ACROSS, _DOWN = 9.0, 4.0
#: How deep they look, m at full strength, and how much of it is shown.
_DEPTH, _STRENGTH = 0.05, 0.5


def fold(material: bpy.types.Material) -> None:
    """Let a plain material look folded on meshes that are `measured`."""
    tree = material.node_tree
    place = tree.nodes.new("ShaderNodeTexCoord")
    scale = tree.nodes.new("ShaderNodeMapping")
    scale.inputs["Scale"].default_value = (_ACROSS, _ACROSS, _DOWN)
    noise = tree.nodes.new("ShaderNodeTexNoise")
    for name, value in (("Scale", 1.0), ("Detail", 2.0), ("Distortion", 1.2)):
        noise.inputs[name].default_value = value
    bump = tree.nodes.new("ShaderNodeBump")
    for name, value in (("Strength", _STRENGTH), ("Distance", _DEPTH)):
        bump.inputs[name].default_value = value
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    # Of the mesh before it is posed, so that cloth takes its folds along.
    tree.links.new(place.outputs["Generated"], scale.inputs["Vector"])
    tree.links.new(scale.outputs["Vector"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def measured(mesh: bpy.types.Mesh) -> None:
    """Let a mesh's generated coordinates be its metres (and half a metre more): folds are as large on everyone."""
    mesh.use_auto_texspace = False
    mesh.texspace_location = (0.0, 0.0, 0.0)
    mesh.texspace_size = (0.5, 0.5, 0.5)
