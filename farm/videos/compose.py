"""One video of several: videos and pictures in boxes of a larger picture, with text over them.

ffmpeg-python builds the filter graph; the ffmpeg program runs it. Every frame is timed by its number, so that frame k
of each video is seen in frame k of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from blender_addon.dataset import layout

from .. import ffmpeg_run, hd, video
from ..audio import tag_options
from ..errors import FarmError
from ..video import PictureSequence, VideoInfo
from .plates import Box

if TYPE_CHECKING:
    from ffmpeg.nodes import FilterableStream

#: Between what is shown.
_GROUND = "0x101216"


@dataclass(frozen=True)
class Layer:
    """A video in a box. fills: what does not fit the box is cut off at its edges, instead of left free around it.

    It is seen from its first frame on; where it ends before the whole its last frame stays.
    """

    source: VideoInfo
    box: Box
    fills: bool = False


def compose(
    layers: Sequence[Layer],
    plates: Path | None,
    size: tuple[int, int],
    frames: int,
    out: Path,
    tags: Mapping[str, str] | None = None,
) -> VideoInfo:
    """Put layers, the first undermost, into the MP4 file `out` of so many frames at 30 fps, without sound.

    plates: a video of transparent pictures (plates.write_video) that comes over all of them; tags: the MP4's. Raises
    FarmError where a layer has another frame rate, or where ffmpeg fails; nothing is then left behind.
    """
    for layer in layers:
        if layer.source.fps != layout.FPS:
            raise FarmError(f"{layer.source.path}: has {layer.source.fps} frames a second, not {layout.FPS}")
    with video.whole_file(out) as partial:
        arguments = _arguments(layers, plates, size, frames, partial, tags or {})
        log = ffmpeg_run.run(arguments, out, "what it is made from and the free space")
        made = video.probe(partial)
        if made.frames != frames or made.fps != Fraction(layout.FPS):
            why = ffmpeg_run.reason(log) or f"{made.frames} of {frames} frames"
            raise FarmError(f"{out}: ffmpeg stopped early ({why}); check what it is made from and make it again")
    return video.probe(out)


def _arguments(
    layers: Sequence[Layer],
    plates: Path | None,
    size: tuple[int, int],
    frames: int,
    target: Path,
    tags: Mapping[str, str],
) -> list[str]:
    import ffmpeg

    ground = f"color=c={_GROUND}:s={size[0]}x{size[1]}:r={layout.FPS}"
    shown = hd.colours(ffmpeg.input(ground, f="lavfi")["v:0"])
    for layer in layers:
        box = layer.box
        shown = ffmpeg.overlay(
            shown, _layer(layer), x=f"{box.x}+({box.width}-overlay_w)/2", y=f"{box.y}+({box.height}-overlay_h)/2",
            eof_action="repeat", format="yuv420",
        )  # fmt: skip
    if plates is not None:
        text = hd.colours(ffmpeg.input(str(plates.absolute()), f="nut")["v:0"], "yuva420p")
        shown = ffmpeg.overlay(shown, text, eof_action="repeat", format="yuv420")
    shown = shown.filter("trim", end_frame=frames).filter("setpts", "N").filter("fps", layout.FPS)
    output = ffmpeg.output(
        shown,
        str(target.absolute()),
        format="mp4",
        **hd.CODING,
        video_track_timescale=layout.FPS,
        movflags="+faststart+use_metadata_tags",
        map_metadata=-1,
        **tag_options(tags),
    )
    output = output.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return ffmpeg.compile(output, cmd=video.ffmpeg_binary(), overwrite_output=True)


def _layer(layer: Layer) -> FilterableStream:
    """A layer's frames in the size in which they are shown."""
    import ffmpeg

    source, box = layer.source, layer.box
    path = str(Path(source.path).absolute())
    if isinstance(source, PictureSequence):
        opened = ffmpeg.input(path, f="image2", framerate=str(source.fps), start_number=source.first)
    else:
        opened = ffmpeg.input(path)
    # MKV rounds its times to milliseconds: by its number each frame lies exactly where the whole has one.
    numbered = (
        opened["v:0"].filter("trim", end_frame=source.frames).filter("settb", f"1/{layout.FPS}").filter("setpts", "N")
    )
    grown = "increase" if layer.fills else "decrease"
    fitted = hd.colours(numbered, w=box.width, h=box.height, force_original_aspect_ratio=grown)
    if layer.fills:
        fitted = fitted.filter("crop", box.width, box.height)
    return fitted.filter("setsar", 1)
