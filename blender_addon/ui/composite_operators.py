"""Operators that put scenes of the data set on the rigs, and take them away."""

from collections.abc import Iterator

import bpy

from ..dataset import databases
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import PerformanceId, SceneId, parse
from ..scene import composite, copies, face_scene, rigs
from . import chosen
from .telling import Steps, told

#: Of the animation of a frame of two people, measured: about 600 curves of 72 bytes a key.
_FRAME_BYTES = 45_000


def _ready(cls: type, scene: bpy.types.Scene) -> bool:
    """Whether there is a data set to composite from; else the operator says why it is grey."""
    if chosen.root_of(scene) is None:
        cls.poll_message_set("Choose the data set's root folder first")
    elif not len(scene.interact.lines):
        cls.poll_message_set("Choose a job file that lists scenes first")
    elif scene.interact.busy:
        cls.poll_message_set("Something else goes on")
    else:
        return True
    return False


class INTERACT_OT_composite(bpy.types.Operator):
    """Put both people's motion, faces and voices on their rigs; Clear brings back what was there before"""

    bl_idname = "interact.composite"
    bl_label = "Composite Scene"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _ready(cls, context.scene):
            return False
        if context.scene.interact.line is None:
            cls.poll_message_set("Choose a scene in the list first")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        settings = scene.interact
        line = settings.line
        name = _parsed(line)
        dataset = chosen.dataset_of(scene)
        if isinstance(name, PerformanceId):
            done = face_scene.composite(dataset, name)
            if context.window:
                context.window.scene = done.scene
        else:
            done = _composite(scene, dataset, name)
        settings.composited = line.name
        chosen.tell(settings, notices=done.notices)
        notes = f", {len(done.notices)} notes in the panel" if done.notices else ""
        self.report({"INFO"}, f"{name}: {done.frames} frames{notes}")
        return {"FINISHED"}


class INTERACT_OT_composite_all(Steps, bpy.types.Operator):
    """Put each scene of the list into a Blender scene of its own, with copies of the rigs; Esc stops"""

    bl_idname = "interact.composite_all"
    bl_label = "Composite All as Scenes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _ready(cls, context.scene)

    @classmethod
    def description(cls, context: bpy.types.Context, _properties: bpy.types.OperatorProperties) -> str:
        frames = sum(line.seconds for line in context.scene.interact.lines) * 30
        memory = frames * _FRAME_BYTES / 1e9
        return f"{bpy.app.translations.pgettext_tip(cls.__doc__)} (~{memory:.1f} GB)"

    def steps(self, context: bpy.types.Context) -> Iterator[float]:
        source = context.scene
        settings = source.interact
        dataset = chosen.dataset_of(source)
        lines = [line.name for line in settings.lines if line.state != "BAD"]
        composite.clear(source)
        settings.composited = ""
        chosen.tell(settings)
        problems, notices, made = [], [], 0
        for number, text in enumerate(lines, 1):
            try:
                notices += _composite_copy(context, source, dataset, parse(text))
                made += 1
            except DatasetError as error:
                problems.append(f"{text}: {error}")
            yield number / len(lines)
        chosen.tell(source.interact, problems[0] if problems else "", tuple(notices))
        level = "WARNING" if problems else "INFO"
        self.report({level}, f"{made} of {len(lines)} scenes have a Blender scene of their own now")


class INTERACT_OT_clear(bpy.types.Operator):
    """Take composited motion, faces and voices away from this Blender scene, and bring back what was there before"""

    bl_idname = "interact.clear"
    bl_label = "Clear"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not composite.is_composited(context.scene):
            cls.poll_message_set("Nothing is composited in this Blender scene")
            return False
        return True

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        composite.clear(context.scene)
        context.scene.interact.composited = ""
        chosen.tell(context.scene.interact)
        return {"FINISHED"}


def _parsed(line: bpy.types.PropertyGroup) -> SceneId | PerformanceId:
    """What a line names; DatasetError where it cannot be composited."""
    if line.state == "BAD":
        raise DatasetError(line.problem)
    return parse(line.name)


def _composite(scene: bpy.types.Scene, dataset: Dataset, name: SceneId) -> composite.Composited:
    settings = scene.interact
    return composite.composite(
        scene,
        dataset,
        name,
        table=chosen.table_of(scene),
        shot=chosen.shot_of(settings),
        options=chosen.options_of(settings),
    )


def _composite_copy(
    context: bpy.types.Context, source: bpy.types.Scene, dataset: Dataset, name: SceneId | PerformanceId
) -> list[str]:
    """Composite into the Blender scene of a line, which is made where there is none yet; returns notices."""
    if isinstance(name, PerformanceId):
        return list(face_scene.composite(dataset, name).notices)
    scene = bpy.data.scenes.get(str(name))
    if scene is None or scene == source or scene.interact.composited != str(name):
        scene = _copy(source, dataset, name)
    with context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        done = _composite(scene, dataset, name)
    scene.interact.composited = str(name)
    chosen.tell(scene.interact, notices=done.notices)
    return [f"{name}: {text}" for text in done.notices]


def _copy(source: bpy.types.Scene, dataset: Dataset, name: SceneId) -> bpy.types.Scene:
    table = chosen.table_of(source)
    own = {
        thing
        for actor in databases.session_of(dataset, name).actors
        for thing in rigs.find(source, actor, table).objects
    }
    others = rigs.objects_of_all(source, databases.actors(dataset), table) - own
    scene, made = copies.copy_scene(source, str(name), own, others)
    for row in scene.interact.rigs:
        row.armature = made.get(row.armature)
    scene.interact.active_line = scene.interact.lines.find(str(name))
    return scene


_CLASSES = (INTERACT_OT_composite, INTERACT_OT_composite_all, INTERACT_OT_clear)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
