"""A worker's open .blend file and the scene composited in it, kept from one request to the next."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from ..dataset import batch
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from . import composite, render, template


class Studio:
    """Does requests one after another; opens a template, and composites a scene, only when another is asked for.

    tell(event, **facts) gets what happened; on_frame() is called between frames, and may end the process.
    """

    def __init__(self, tell: Callable[..., None], on_frame: Callable[[], None]) -> None:
        self._tell = tell
        self._on_frame = on_frame
        self._template: str | None = None
        self._composited: tuple[str, str] | None = None
        self._length = 0
        tell("ready", blender=bpy.app.version_string, pid=os.getpid())

    def do(self, request: batch.Request) -> None:
        """Do one request; DatasetError where the user's files or template do not allow it."""
        if isinstance(request, batch.RenderChunk):
            self._render(request)
        elif isinstance(request, batch.SaveComposite):
            self._composite(request)
            self._save(request)
        elif isinstance(request, batch.MakeTemplate):
            self._template = self._composited = None
            self._save(request, template.build(Dataset.at(request.data), request.assets))
        elif isinstance(request, batch.TryEngine):
            self._try_engine(request)

    def _render(self, request: batch.RenderChunk) -> None:
        start = time.monotonic()
        scene = self._composite(request)
        if request.last > self._length:
            raise DatasetError(f"{request.scene} has {self._length} frames, there is no frame {request.last}")
        render.apply_look(scene, request.look, builtin=template.is_builtin(scene))
        loaded = time.monotonic()
        self._tell("rendering", id=request.id, load_seconds=loaded - start)

        def on_frame(frame: int) -> None:
            self._on_frame()
            self._tell("frame", id=request.id, frame=frame)

        render.render_video(scene, request.first, request.last, Path(request.output), on_frame)
        self._tell(
            "rendered",
            id=request.id,
            output=request.output,
            frames=request.frames,
            engine=scene.render.engine,
            size=render.size_of(scene),
            load_seconds=loaded - start,
            render_seconds=time.monotonic() - loaded,
        )

    def _composite(self, request: batch.RenderChunk | batch.SaveComposite) -> bpy.types.Scene:
        """The scene of the request's template, with the request's body scene in it."""
        self._open(request.template)
        scene: bpy.types.Scene = bpy.context.scene
        if self._composited != (request.data, request.scene):
            start = time.monotonic()
            self._composited = None
            done = composite.composite(
                scene,
                Dataset.at(request.data),
                SceneId.parse(request.scene),
                table=composite.table_of(request.template),
            )
            self._composited, self._length = (request.data, request.scene), done.frames
            seconds = time.monotonic() - start
            self._tell("composited", id=request.id, frames=done.frames, notices=done.notices, seconds=seconds)
        return scene

    def _open(self, path: str) -> None:
        if self._template == path:
            return
        self._template = self._composited = None
        if not Path(path).is_file():
            raise DatasetError(f"{path}: no such template")
        try:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        except RuntimeError as error:
            raise DatasetError(f"{path}: Blender cannot open it ({str(error).strip()})") from error
        self._template = path
        self._tell("opened", template=path)

    def _save(self, request: batch.SaveComposite | batch.MakeTemplate, notices: tuple[str, ...] = ()) -> None:
        """Save the open file, under a name that only ever holds whole files."""
        path = Path(request.output)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.stem}.{os.getpid()}.partial.blend")
        try:
            bpy.ops.wm.save_as_mainfile(filepath=str(beside), check_existing=False, copy=True)
            os.replace(beside, path)
        except (RuntimeError, OSError) as error:
            raise DatasetError(f"{path}: cannot be saved ({str(error).strip()})") from error
        finally:
            beside.unlink(missing_ok=True)
        self._tell("saved", id=request.id, output=request.output, notices=notices)

    def _try_engine(self, request: batch.TryEngine) -> None:
        """One small frame of Blender's own start-up scene: a cube that must stand out from the background."""
        self._template = self._composited = None
        bpy.ops.wm.read_factory_settings()
        render.apply_look(bpy.context.scene, batch.Look(request.engine, (64, 64), 1))
        render.render_picture(bpy.context.scene, Path(request.output))
        red = list(bpy.data.images.load(request.output).pixels)[::4]
        if max(red) - min(red) < 0.05:
            raise DatasetError(f"{request.engine} renders an empty picture here")
        self._tell("tried", id=request.id, engine=request.engine, gpu=render.has_gpu())
