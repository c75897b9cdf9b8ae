"""The render farm driver: plans, starts and watches Blender workers, joins and muxes what they render."""

__version__ = "0.1.0"
