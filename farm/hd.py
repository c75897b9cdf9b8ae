"""How pictures become video: H.264 in the colours of HD, and told so to players, which guess where nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blender_addon.dataset import layout

if TYPE_CHECKING:
    from ffmpeg.nodes import FilterableStream

#: In ffmpeg's words, ITU-R BT.709. Left to itself ffmpeg codes by BT.601, which players of videos of this size do not.
_COLOURS = "bt709"

#: Options of ffmpeg's output.
CODING: dict[str, object] = {
    "vcodec": "libx264",
    "preset": "fast",
    "crf": 16,
    "g": layout.FPS,
    "pix_fmt": "yuv420p",
    "colorspace": _COLOURS,
    "color_primaries": _COLOURS,
    "color_trc": _COLOURS,
    "color_range": "tv",
}


def colours(stream: FilterableStream, pixels: str = "yuv420p", **scaling: object) -> FilterableStream:
    """A stream in the colours of HD and of that format of pixels, scaled where that is said (ffmpeg's `scale`)."""
    flags = "lanczos+accurate_rnd"
    scaled = stream.filter("scale", **scaling, flags=flags, out_color_matrix=_COLOURS, out_range="tv")
    return scaled.filter("format", pixels)
