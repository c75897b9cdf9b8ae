"""A worker's open .blend file and the scene composited in it, kept from one request to the next."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import bpy

from ..dataset import batch, partial, presets
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import PerformanceId, SceneId, parse
from . import composite, face_scene, face_template, harmless, label, render, template
from .machine import Machine
from .options import CompositeOptions


class Studio:
    """Does requests one after another; opens a template, and composites a scene, only when another is asked for.

    tell(event, **facts) gets what happened; machine: what it renders with.
    """

    def __init__(self, tell: Callable[..., None], machine: Machine) -> None:
        self._tell = tell
        self._machine = machine
        self._template: tuple[str, batch.Look] | None = None
        self._wanted: tuple | None = None
        self._composited: composite.Composited | None = None
        self._on_face: face_scene.Composited | None = None
        self._looked: set[str] = set()
        #: Of the open file, and those that were told: each is told once, with the scene that is composited next.
        self._notices: tuple[str, ...] = ()
        self._told: set[str] = set()
        tell("ready", blender=bpy.app.version_string, pid=os.getpid())

    def do(self, request: batch.Request) -> None:
        """Do one request; DatasetError where the user's files or template do not allow it."""
        if isinstance(request, batch.RenderChunk):
            self._render(request)
        elif isinstance(request, batch.SaveComposite):
            self._save_composite(request)
        elif isinstance(request, batch.MakeTemplate):
            self._template = self._composited = None
            made = template.build(Dataset.at(request.data), request.assets, request.faces, request.rig)
            self._save(request, made)
        elif isinstance(request, batch.MakeFaceTemplate):
            self._template = self._composited = None
            self._save(request, face_template.build(Dataset.at(request.data), request.assets, request.actor))
        elif isinstance(request, batch.TryEngine):
            self._try_engine(request)

    def _render(self, request: batch.RenderChunk) -> None:
        start = time.monotonic()
        name = parse(request.scene)
        if isinstance(name, PerformanceId):
            scene, length = self._face(request, name)
        else:
            length = self._composite(request, request.look, CompositeOptions(pin_feet=request.look.pin_feet)).frames
            scene = bpy.context.scene  # not before: opening the template ends the one that was
        if request.last > length:
            raise DatasetError(f"{request.scene} has {length} frames, there is no frame {request.last}")
        loaded = time.monotonic()
        self._tell("rendering", id=request.id, load_seconds=loaded - start)

        def on_frame(frame: int) -> None:
            self._tell("frame", id=request.id, frame=frame)

        text = None
        if request.look.label:
            text = label.text_of(Dataset.at(request.data, request.subset), name, request.look.label)
        output = Path(request.output)
        if output.suffix == ".mkv":
            render.render_video(scene, request.first, request.last, output, on_frame, text, request.tag)
        else:
            render.render_pictures(scene, request.first, request.last, output, on_frame, text, request.tag)
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

    def _composite(
        self,
        request: batch.RenderChunk | batch.SaveComposite,
        look: batch.Look,
        options: CompositeOptions,
        *,
        report: bool = False,
    ) -> composite.Composited:
        """Put the request's body scene into its template, unless it is there already.

        The look comes first: the camera needs the picture's shape.
        """
        self._open(request.template, look)
        scene: bpy.types.Scene = bpy.context.scene
        if isinstance(request, batch.RenderChunk):
            self._look(scene, look)
        wanted = (request.data, request.subset, request.scene, options, report)
        if self._wanted != wanted or self._composited is None:
            start = time.monotonic()
            self._composited = None
            self._composited = composite.composite(
                scene,
                Dataset.at(request.data),
                SceneId.parse(request.scene),
                table=composite.table_of(request.template),
                shot=look.camera,
                options=options,
                report=report,
            )
            self._wanted = wanted
            self._tell_composited(request, self._composited, time.monotonic() - start)
        return self._composited

    def _save_composite(self, request: batch.SaveComposite) -> None:
        """Put a scene or a face into the file that is to be saved, for whoever opens it to see, and save it."""
        name = parse(request.scene)
        if isinstance(name, SceneId):
            look, options = batch.Look(camera=request.camera or None), CompositeOptions(pin_feet=request.pin_feet)
            body = self._composite(request, look, options, report=request.report)
            of = [
                f"actor {actor}: the bones are known by the preset {preset}"
                for actor, preset in zip(body.actors, body.presets, strict=True)
                if preset not in ("", presets.CAPTURE)
            ]
            self._save(request, (*body.notices, *of), report=body.report.facts() if body.report else None)
            return
        self._open(request.template, batch.Look())
        face = face_scene.composite(Dataset.at(request.data, request.subset), name)
        for window in bpy.data.window_managers[0].windows:
            window.scene = face.scene
        self._save(request, face.notices)

    def _face(self, request: batch.RenderChunk, performance: PerformanceId) -> tuple[bpy.types.Scene, int]:
        """Put the request's performance on its actor's head, unless it is there already: scene and frames."""
        self._open(request.template, request.look)
        self._look(face_scene.find(performance.actor), request.look)
        wanted = (request.data, request.subset, request.scene)
        if self._wanted != wanted or self._on_face is None:
            start = time.monotonic()
            self._on_face = None
            self._on_face = face_scene.composite(Dataset.at(request.data, request.subset), performance)
            self._wanted = wanted
            self._tell_composited(request, self._on_face, time.monotonic() - start)
        return self._on_face.scene, self._on_face.frames

    def _tell_composited(
        self, request: batch.Request, done: composite.Composited | face_scene.Composited, seconds: float
    ) -> None:
        own = [notice for notice in self._notices if notice not in self._told]
        self._told.update(own)
        notices = (*own, *done.notices)
        self._tell("composited", id=request.id, frames=done.frames, notices=notices, seconds=seconds)

    def _look(self, scene: bpy.types.Scene, look: batch.Look) -> None:
        """Set a scene's look, once an opened file: presets scale its size. What is saved keeps all that it had."""
        if not self._looked:
            self._notices = harmless.make_harmless()
        if scene.name not in self._looked:
            render.apply_look(scene, look, builtin=template.is_builtin(scene))
            self._notices += self._machine.set_up(scene)
            self._looked.add(scene.name)

    def _open(self, path: str, look: batch.Look) -> None:
        if self._template == (path, look):
            return
        self._template = self._composited = self._on_face = None
        self._looked.clear()
        if not Path(path).is_file():
            raise DatasetError(f"{path}: no such template")
        try:
            bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        except RuntimeError as error:
            raise DatasetError(f"{path}: Blender cannot open it ({str(error).strip()})") from error
        self._template = (path, look)
        self._tell("opened", template=path)

    def _save(
        self,
        request: batch.SaveComposite | batch.MakeTemplate | batch.MakeFaceTemplate,
        notices: tuple[str, ...] = (),
        **facts: object,
    ) -> None:
        """Save the open file, under a name that only ever holds whole files; facts: more that is told then."""
        path = Path(request.output)
        beside = partial.blend_beside(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            bpy.ops.wm.save_as_mainfile(filepath=str(beside), check_existing=False, copy=True, compress=True)
            os.replace(beside, path)
        except (RuntimeError, OSError) as error:
            raise DatasetError(f"{path}: cannot be saved ({str(error).strip()})") from error
        finally:
            with suppress(OSError):  # where there is no folder, nothing half-written is in it
                beside.unlink()
        self._tell("saved", id=request.id, output=request.output, notices=notices, **facts)

    def _try_engine(self, request: batch.TryEngine) -> None:
        """One small frame of Blender's own start-up scene: a cube that must stand out from the background."""
        self._template = self._composited = None
        bpy.ops.wm.read_factory_settings()
        render.apply_look(bpy.context.scene, batch.Look(request.engine, (64, 64), 1))
        self._machine.set_up(bpy.context.scene)
        render.render_picture(bpy.context.scene, Path(request.output))
        red = list(bpy.data.images.load(request.output).pixels)[::4]
        if max(red) - min(red) < 0.05:
            raise DatasetError(f"{request.engine} renders an empty picture here")
        self._tell("tried", id=request.id, engine=request.engine, gpu=render.has_gpu())
