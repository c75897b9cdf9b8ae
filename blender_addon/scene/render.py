"""Render settings for every Blender from 4.2 to 5.2, and rendering a range of frames to a video."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..dataset import partial, png
from ..dataset.batch import Look
from ..dataset.errors import DatasetError
from . import label, quality

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
ENGINES = {"workbench": "BLENDER_WORKBENCH", "eevee": EEVEE, "cycles": "CYCLES"}

#: Frames between key frames. Short groups let players seek and chunks join anywhere.
_KEYFRAME_EVERY = 30

#: Of 100, which Blender makes zlib's level of: see tests/benchmarks/bench_face_run.py. Blender writes a picture before
#: it renders the next; to compress one of 1080x1080 takes 12 to 25 ms and to render it without a GPU about 1 s, on all
#: cores, so that a thread beside it would gain some 2 %.
PNG_COMPRESSION = 15

#: Workbench has steps of its own for samples a pixel.
_WORKBENCH_AA = {1: "OFF", 5: "5", 8: "8", 11: "11", 16: "16", 32: "32"}


def apply_look(scene: bpy.types.Scene, look: Look, *, builtin: bool = False) -> None:
    """Set engine, size, samples and the quality preset's settings as far as `look` names them.

    What is named wins over the preset. To be called once on an opened template: presets scale its size.

    `auto`, and no engine at all on the built-in template, is EEVEE with a GPU and Workbench without; on a
    template of the user's own `auto` is the template's engine.
    """
    engine = look.engine
    if engine is None and look.quality is not None:
        engine = quality.engine_of(look.quality, builtin=builtin, gpu=builtin and has_gpu())
    elif engine is None and builtin:
        engine = "auto"
    if engine == "auto":
        engine = None if not builtin else ("eevee" if has_gpu() else "workbench")
    if engine is not None:
        scene.render.engine = ENGINES[engine]
    quality.apply(scene, look, builtin=builtin)
    if look.size is not None:
        scene.render.resolution_x, scene.render.resolution_y = look.size
        scene.render.resolution_percentage = 100
    if look.samples is not None:
        _set_samples(scene, look.samples)
    scene.render.use_persistent_data = True


def size_of(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of a rendered frame in pixels."""
    share = scene.render.resolution_percentage
    return scene.render.resolution_x * share // 100, scene.render.resolution_y * share // 100


def has_gpu() -> bool:
    """Whether Blender draws on a real GPU; a software rasteriser such as llvmpipe is none."""
    import gpu  # the module cannot be used before Blender has its window system

    try:
        kind = gpu.platform.device_type_get()
    except SystemError:
        # In background mode the GPU context comes with the first frame rendered.
        _render_one_pixel()
        try:
            kind = gpu.platform.device_type_get()
        except SystemError:
            return False
    return kind not in ("SOFTWARE", "UNKNOWN")


def render_video(
    scene: bpy.types.Scene,
    first: int,
    last: int,
    output: Path,
    on_frame: Callable[[int], None] = lambda frame: None,
    text: Callable[[int], str] | None = None,
    comment: str = "",
) -> None:
    """Render frames first..last to an H.264 MKV: near lossless, yuv420p, closed groups of pictures, 30/1 fps.

    on_frame is called with each frame that has been handed to the encoder; text says what is burnt into it; comment:
    what the video's tag `NOTE` says of its making, with its frames. The video is written beside and renamed when it
    is whole. Raises DatasetError where Blender could not write it, and for a size that H.264 cannot hold.
    """
    beside = partial.beside(output)
    set_up_video(scene, first, last, beside, comment)
    output.parent.mkdir(parents=True, exist_ok=True)
    written: list[int] = []

    def count(rendered: bpy.types.Scene, *_: object) -> None:
        if rendered == scene:
            written.append(rendered.frame_current)
            on_frame(rendered.frame_current)

    try:
        with _handler(bpy.app.handlers.render_write, count), label.burnt_in(scene, text):
            try:
                bpy.ops.render.render(animation=True, scene=scene.name)
            except RuntimeError as error:
                raise DatasetError(f"{output}: Blender could not render it ({str(error).strip()})") from error
        if len(written) != last - first + 1 or not beside.is_file() or not beside.stat().st_size:
            raise DatasetError(
                f"{output}: Blender wrote {len(written)} of {last - first + 1} frames; "
                "is the folder writable and not full?"
            )
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, output)
    finally:
        beside.unlink(missing_ok=True)


def set_up_video(scene: bpy.types.Scene, first: int, last: int, file: Path, comment: str = "") -> None:
    """Make what a scene's animation renders to frames first..last in this file, as `render_video` has them.

    DatasetError for a size that H.264 cannot hold.
    """
    width, height = size_of(scene)
    if width % 2 or height % 2:
        raise DatasetError(f"the template renders {width}x{height}; H.264 video needs even sides: use --size")
    _set_video(scene)
    if comment:
        # Read when the file is begun: a label, which is a note too, is set with the first frame, later.
        scene.render.use_stamp_note = True
        scene.render.stamp_note_text = f"{comment} frames {first}-{last}"
    scene.render.filepath = str(file)
    scene.frame_start, scene.frame_end, scene.frame_step = first, last, 1


def render_pictures(
    scene: bpy.types.Scene,
    first: int,
    last: int,
    folder: Path,
    on_frame: Callable[[int], None] = lambda frame: None,
    text: Callable[[int], str] | None = None,
    comment: str = "",
) -> None:
    """Render frames first..last to `0001.png` ... in `folder`, each put there whole; see `render_video`.

    comment: what each picture says of its making, as PNG's `Comment`, with the number of its frame.
    """
    beside = partial.beside(folder)
    set_up_pictures(scene, beside)
    scene.frame_start, scene.frame_end, scene.frame_step = first, last, 1
    written: list[int] = []

    def take(rendered: bpy.types.Scene, *_: object) -> None:
        if rendered == scene:
            _take(beside, folder, rendered.frame_current, comment)
            written.append(rendered.frame_current)
            on_frame(rendered.frame_current)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _handler(bpy.app.handlers.render_write, take), label.burnt_in(scene, text):
            try:
                bpy.ops.render.render(animation=True, scene=scene.name)
            except RuntimeError as error:
                raise DatasetError(f"{folder}: Blender could not render it ({str(error).strip()})") from error
        if len(written) != last - first + 1:
            raise DatasetError(
                f"{folder}: Blender wrote {len(written)} of {last - first + 1} pictures; "
                "is the folder writable and not full?"
            )
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def render_picture(scene: bpy.types.Scene, output: Path) -> None:
    """Render the current frame to a PNG."""
    settings = scene.render.image_settings
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    scene.render.use_file_extension = False
    scene.render.filepath = str(output)
    bpy.ops.render.render(write_still=True, scene=scene.name)


def render_one(scene: bpy.types.Scene, frame: int, beside: Path, folder: Path) -> None:
    """Render one frame of a scene that is set up (`set_up_pictures`) to `folder`, as `render_pictures` does.

    Sets nothing but the frame: a window draws all that it shows anew after each other setting. DatasetError where
    Blender could not write it.
    """
    scene.frame_start, scene.frame_end, scene.frame_step = frame, frame, 1
    try:
        bpy.ops.render.render(animation=True, scene=scene.name)
        _take(beside, folder, frame, "")
    except RuntimeError as error:
        raise DatasetError(f"{folder}: Blender could not render it ({str(error).strip()})") from error
    except FileNotFoundError as error:
        raise DatasetError(f"{folder}: Blender wrote no picture; is the folder writable and not full?") from error


def set_up_pictures(scene: bpy.types.Scene, beside: Path) -> None:
    """Have a scene's animation written as pictures into a folder."""
    _set_pictures(scene)
    scene.render.filepath = f"{beside}{os.sep}####.png"


def _take(beside: Path, folder: Path, frame: int, comment: str) -> None:
    """Put a picture that Blender has written where it belongs; DatasetError where it is not whole."""
    source = beside / f"{frame:04d}.png"
    if not png.is_whole(source):  # Blender itself does not see that its disk is full
        raise DatasetError(f"{folder}: frame {frame} was not written whole; is the folder's disk full?")
    png.comment(source, comment and f"{comment} frame {frame}")
    os.replace(source, folder / source.name)


def _set_pictures(scene: bpy.types.Scene) -> None:
    render = scene.render
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA" if render.film_transparent else "RGB"
    render.image_settings.color_depth = "8"
    render.image_settings.compression = PNG_COMPRESSION
    _no_stamps(render)


def _set_video(scene: bpy.types.Scene) -> None:
    render = scene.render
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.image_settings.color_mode = "RGB"
    _no_stamps(render)
    video = render.ffmpeg
    video.format, video.codec, video.audio_codec = "MKV", "H264", "NONE"
    video.constant_rate_factor = "PERC_LOSSLESS"
    # The same pictures give the same video each time: with GOOD ten of 800 encodings of a video of 64x36 had another
    # last macroblock in a key frame, with this none of 1200. It takes 0.4 of the time, and twice the space.
    video.ffmpeg_preset = "REALTIME"
    video.gopsize = _KEYFRAME_EVERY
    video.use_max_b_frames, video.max_b_frames = True, 0


def _no_stamps(render: bpy.types.RenderSettings) -> None:
    """The name given is the name written, and the same frames give the same file."""
    render.use_file_extension = False
    render.use_stamp = False
    for stamp in (
        *("date", "time", "render_time", "frame", "frame_range", "filename", "memory", "hostname", "camera"),
        *("lens", "scene", "marker", "note", "sequencer_strip"),
    ):
        setattr(render, f"use_stamp_{stamp}", False)


def _set_samples(scene: bpy.types.Scene, samples: int) -> None:
    if scene.render.engine == "CYCLES":
        scene.cycles.samples = samples
    elif scene.render.engine == "BLENDER_WORKBENCH":
        step = max((s for s in _WORKBENCH_AA if s <= samples), default=1)
        scene.display.render_aa = _WORKBENCH_AA[step]
    elif scene.render.engine == EEVEE:
        scene.eevee.taa_render_samples = samples
    else:
        raise DatasetError(f"the samples of the engine {scene.render.engine} can only be set in the template")


def _render_one_pixel() -> None:
    scene = bpy.data.scenes.new("interact_gpu_probe")
    try:
        scene.render.engine = "BLENDER_WORKBENCH"
        scene.render.resolution_x = scene.render.resolution_y = 8
        scene.camera = bpy.data.objects.new("interact_gpu_probe", bpy.data.cameras.new("interact_gpu_probe"))
        scene.collection.objects.link(scene.camera)
        bpy.ops.render.render(scene=scene.name)
    finally:
        bpy.data.cameras.remove(scene.camera.data)
        bpy.data.scenes.remove(scene)


@contextmanager
def _handler(handlers: list, function: Callable) -> Iterator[None]:
    handlers.append(function)
    try:
        yield
    finally:
        handlers.remove(function)
