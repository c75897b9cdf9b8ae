"""Runs inside Blender: saves a template whose actor 001 has a rig that this Blender's Rigify generates, 002 another's.

make_rigs.py -- OUT.blend
"""

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parents[2]))

from blender_addon.dataset import rest_pose
from tests.scene import preset_rigs, rig_maker

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module="rigify")
bpy.ops.object.armature_human_metarig_add()
metarig = bpy.context.object
bpy.ops.pose.rigify_generate()
bpy.context.object.name = "Actor_001"
bpy.ops.object.mode_set(mode="OBJECT")
bpy.data.objects.remove(metarig)
preset_rigs.build(preset_rigs.FAMILIES["Character Creator"], "Actor_002", rest_pose.stand(rig_maker.interact("002")))
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
sys.stdout.flush()
os._exit(0)
