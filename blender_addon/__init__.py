"""InterAct Render Farm: the Blender extension, and the data-set layer that the render farm shares with it."""
