"""What Blender does with the data set: everything here but `retarget` needs bpy."""
