"""Rendering in Blender's own window, a frame at a time: between two frames the window answers.

Nothing here waits: `step` is called by a timer and does one thing, at most a frame. Frames are pictures first; another
Blender beside this one makes videos of them. (Blender's own render job, which renders beside the window, draws from a
second thread: in 4.3 on a software OpenGL that ended Blender every other time.)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import bpy

from ..dataset import databases, lengths, partial
from ..dataset.batch import Look
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from ..dataset.parts import Part, Parts, fingerprint
from . import composite, render, template
from .encode import Encoder

#: On the scenes that are rendered instead of the user's own, which keep their settings.
_COPY = "interact_render_copy"

WAITING, COMPOSITING, RENDERING, JOINING = "waiting", "compositing", "rendering", "joining"
SOUND, DONE, THERE, FAILED, CANCELLED = "adding sound", "done", "there", "failed", "cancelled"

_BUSY = (COMPOSITING, RENDERING, JOINING, SOUND)

#: One thing after another, the window between them.
Steps = Generator[None, None, None]


@dataclass
class Shot:
    """What becomes of one scene. state: of those above; frames: 0 while that is not known; done: those rendered so
    far; problem: why it failed; notices: what else there is to know; file: the result."""

    scene: SceneId
    state: str = WAITING
    frames: int = 0
    done: int = 0
    problem: str = ""
    notices: list[str] = field(default_factory=list)
    file: Path | None = None

    @property
    def is_busy(self) -> bool:
        return self.state in _BUSY

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, THERE, FAILED, CANCELLED)

    @property
    def fraction(self) -> float:
        """How much of it is done, 0 to 1."""
        if self.is_over:
            return 1.0
        return self.done / self.frames if self.frames else 0.0


class Sound(Protocol):
    """Adds the voices to a scene's video, beside Blender. `begin` returns at once; `poll` returns None while it is at
    work, else a sentence about what went wrong, "" for nothing."""

    def begin(self, scene: SceneId, video: Path) -> None: ...

    def poll(self) -> str | None: ...


@dataclass(frozen=True)
class Order:
    """What is to be rendered. scene: the name of the Blender scene that has the rigs; put: composites a scene there;
    settings: what decides the picture beside files and look; overwrite: also what is there already; sound: None for
    none."""

    scene: str
    dataset: Dataset
    shots: tuple[SceneId, ...]
    output: Path
    look: Look
    put: Callable[[bpy.types.Scene, SceneId], composite.Composited]
    settings: object = None
    overwrite: bool = False
    sound: Sound | None = None


class WindowRender:
    """Renders an order, scene by scene. shots: what becomes of each; cancelled: set it to end after the frame in hand;
    what is rendered stays and is used by the next order of the same."""

    def __init__(self, order: Order) -> None:
        self.shots = [Shot(scene) for scene in order.shots]
        self.cancelled = False
        self._order = order
        self._steps = self._all()
        self._copy = ""
        self._encoder: tuple[Encoder, Part, Path] | None = None

    @property
    def current(self) -> Shot | None:
        """The scene that is in work."""
        return next((shot for shot in self.shots if shot.is_busy), None)

    @property
    def fraction(self) -> float:
        """How much of the order is done, 0 to 1, by scenes and their frames."""
        return sum(shot.fraction for shot in self.shots) / max(1, len(self.shots))

    def step(self) -> bool:
        """Do the next thing; False once nothing is left to do."""
        try:
            next(self._steps)
        except StopIteration:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Leave nothing behind in Blender; what is rendered stays on the disk."""
        self._steps.close()
        if self._encoder is not None:
            self._encoder[0].close()
            self._encoder[2].unlink(missing_ok=True)
            self._encoder = None
        drop_copies()
        for shot in self.shots:
            if not shot.is_over:
                shot.state = CANCELLED

    def _all(self) -> Steps:
        for shot in self.shots:
            if self.cancelled:
                return
            try:
                yield from self._one(shot)
            except (DatasetError, RuntimeError, OSError, ReferenceError) as error:
                shot.problem, shot.state = _sentence(error), FAILED
            finally:
                drop_copies()

    def _one(self, shot: Shot) -> Steps:
        order = self._order
        if set("#{}") & set(str(order.output)):
            raise DatasetError(
                f"{order.output}: Blender takes '#', '{{' and '}}' in a path for its own; choose another output folder"
            )
        shot.state = COMPOSITING
        yield
        shot.frames = lengths.of(order.dataset, shot.scene)
        parts = Parts.of(order.output, shot.scene, shot.frames, self._fingerprint(shot.scene))
        there = "" if order.overwrite else parts.finished()
        if there:
            shot.done, shot.file = shot.frames, parts.video
            if there == "elsewhere":
                shot.notices.append(f"{parts.video.name} was not made here and is kept; Overwrite renders it anew")
                shot.state = THERE
            else:
                yield from self._add_sound(shot, parts, THERE)
            return
        if order.overwrite:
            parts.drop()
        # Before the motion is read: a folder that cannot be written to should not cost its time.
        parts.pictures.mkdir(parents=True, exist_ok=True)
        parts.drop_broken_pictures()
        yield from self._render(shot, parts)
        if self.cancelled:
            shot.state = CANCELLED
            return
        shot.state = JOINING
        yield
        while self._encode(parts):
            yield
        parts.join()
        shot.file = parts.video
        yield from self._add_sound(shot, parts, DONE)

    def _render(self, shot: Shot, parts: Parts) -> Steps:
        """The frames that are missing, as pictures; meanwhile parts are made of those that are there."""
        there = parts.parts()
        missing = parts.missing(there, parts.pictured())
        shot.done = shot.frames - len(missing)
        if not missing:
            return
        done = self._order.put(_scene(self._order.scene), shot.scene)
        shot.notices += done.notices
        yield
        copy = self._make_copy()
        beside = partial.beside(parts.pictures)
        render.set_up_pictures(_scene(copy), beside)
        shot.state = RENDERING
        try:
            for frame in missing:
                if self.cancelled:
                    return
                render.render_one(_scene(copy), frame, beside, parts.pictures)
                shot.done += 1
                if shot.done % _LOOK_EVERY == 0 or self._encoder is not None:
                    self._encode(parts)
                yield
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _encode(self, parts: Parts) -> bool:
        """Make a part of pictures, if there are enough; whether one is being made. DatasetError where it has failed."""
        if self._encoder is not None:
            encoder, part, beside = self._encoder
            if encoder.is_running:
                return True
            self._encoder = None
            encoder.require_success()
            parts.take(part, beside)
            return True
        following = parts.next_part(parts.parts(), parts.pictured())
        if following is None:
            return False
        beside = partial.beside(following.path)
        log = parts.folder / "encoder.log"
        encoder = Encoder(parts.pictures, following.first, following.last, beside, log)
        self._encoder = encoder, following, beside
        return True

    def _add_sound(self, shot: Shot, parts: Parts, state: str) -> Steps:
        if self._order.sound is not None:
            shot.state = SOUND
            self._order.sound.begin(shot.scene, parts.video)
            while (told := self._order.sound.poll()) is None:
                yield
            shot.notices += [told] if told else []
        shot.state = state

    def _fingerprint(self, scene: SceneId) -> str:
        order = self._order
        files = []
        for actor in databases.session_of(order.dataset, scene).actors:
            performance = scene.performance(actor)
            files += [order.dataset.motion(performance), order.dataset.face_arkit(performance)]
        own = _scene(order.scene)
        settings = own.render
        size = settings.resolution_x, settings.resolution_y, settings.resolution_percentage
        return fingerprint(files, order.look, order.settings, bpy.data.filepath, own.name, settings.engine, size)

    def _make_copy(self) -> str:
        """The scene that is rendered, by name: the user's with the look, so that his own keeps its settings."""
        own = _scene(self._order.scene)
        copy = own.copy()
        copy.name = f"{own.name} (rendered)"
        copy[_COPY] = True
        render.apply_look(copy, self._order.look, builtin=template.is_builtin(own))
        width, height = render.size_of(copy)
        if width % 2 or height % 2:
            raise DatasetError(f"the scene renders {width}x{height}; H.264 video needs even sides: change the size")
        if copy.camera is None:
            raise DatasetError(f"the scene {own.name} has no camera: choose one in the panel")
        return copy.name


#: After so many frames it is looked whether a part can be made.
_LOOK_EVERY = 50


def drop_copies() -> None:
    """Remove the scenes that were made to be rendered, also those that undo or an opened file brought back."""
    for scene in [scene for scene in bpy.data.scenes if scene.get(_COPY)]:
        bpy.data.scenes.remove(scene)


def _scene(name: str) -> bpy.types.Scene:
    found = bpy.data.scenes.get(name)
    if found is None:
        raise DatasetError(f"the scene {name} is no longer there; start Render All again")
    return found


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: cannot be written or read ({error.strerror})"
    return " ".join(str(error).removeprefix("Error: ").split()) or type(error).__name__
