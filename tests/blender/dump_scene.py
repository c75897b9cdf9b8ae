"""Runs inside Blender: opens a .blend and writes what Blender evaluates in every frame as .npz.

dump_scene.py -- FILE.blend OUT.npz: for every armature with an action the world heads of its bones (N, B, 3), and
for every mesh with shape keys their values (N, K).
"""

import os
import sys

import bpy
import numpy as np

blend, out = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.open_mainfile(filepath=blend, load_ui=False, use_scripts=False)
scene = bpy.context.scene
armatures = [o for o in scene.objects if o.type == "ARMATURE" and o.animation_data and o.animation_data.action]
faces = [o for o in scene.objects if o.type == "MESH" and o.data.shape_keys and not o.hide_render]
facts = {f"{a.name}/bones": np.array([b.name for b in a.pose.bones]) for a in armatures}
facts |= {f"{m.name}/keys": np.array([k.name for k in m.data.shape_keys.key_blocks]) for m in faces}
heads = {a.name: [] for a in armatures}
values = {m.name: [] for m in faces}
for frame in range(scene.frame_start, scene.frame_end + 1):
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    for armature in armatures:
        posed = armature.evaluated_get(graph)
        heads[armature.name].append([posed.matrix_world @ bone.head for bone in posed.pose.bones])
    for mesh in faces:
        values[mesh.name].append([key.value for key in mesh.data.shape_keys.key_blocks])
facts |= {f"{name}/heads": np.array(track) for name, track in heads.items()}
facts |= {f"{name}/values": np.array(track) for name, track in values.items()}
facts["fps"] = np.array([scene.render.fps, scene.render.fps_base])
np.savez(out, **facts)
sys.stdout.flush()
os._exit(0)
