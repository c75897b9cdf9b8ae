"""The render farm driver: plans, starts and watches Blender workers, joins and muxes what they render."""
