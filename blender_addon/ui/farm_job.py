"""*Submit to Farm*: this file and the job, rendered by the farm beside Blender, and what becomes of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt

from ..dataset import naming, presets
from ..dataset.errors import DatasetError
from ..scene import rig_table, rigs
from ..scene.options import CompositeOptions
from . import chosen, reading, render_all
from .preferences import farm_command, preferences
from .submission import Places, Submission

#: Between two looks at what the farm says, seconds.
_TICK_SECONDS = 0.5


class _Now:
    """What the farm does for this Blender; drawing reads it."""

    job: Submission | None = None


def job() -> Submission | None:
    """The job that is looked at; None for none."""
    return _Now.job


def is_running() -> bool:
    """Whether the farm is at work on it, as far as is known."""
    return _Now.job is not None and not _Now.job.is_over


def fraction() -> float:
    """How much of its frames is done, 0 to 1."""
    status = _Now.job.status if _Now.job else {}
    return status.get("frames_done", 0) / max(1, status.get("frames", 0))


class INTERACT_OT_submit(bpy.types.Operator):
    """Have the farm render the job's scenes in the background, from a copy of this file as it is now.

    Blender and this file may be closed meanwhile
    """

    bl_idname = "interact.submit"
    bl_label = "Submit to Farm"

    overwrite: bpy.props.BoolProperty(name="Overwrite", description="Also what is rendered already")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if is_running():
            cls.poll_message_set("The farm is at work")
        elif not context.scene.interact.lines:
            cls.poll_message_set("No scenes: choose a job file")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.interact
        try:
            submitted = _submit(context, overwrite=self.overwrite)
        except (DatasetError, RuntimeError, OSError) as error:
            return _refuse(self, settings, error)
        chosen.tell(settings, notices=_unheard(settings))
        _follow(submitted)
        self.report({"INFO"}, pgettext_rpt("Submitted; Blender may be closed"))
        return {"FINISHED"}


class INTERACT_OT_farm_follow(bpy.types.Operator):
    """Show how far the farm is with the job that was submitted last, also one of an earlier session"""

    bl_idname = "interact.farm_follow"
    bl_label = "Show Progress"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if is_running():
            cls.poll_message_set("It is shown")
        return not is_running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            _follow(Submission.newest(_places(context)))
        except DatasetError as error:
            return _refuse(self, context.scene.interact, error)
        return {"FINISHED"}


class INTERACT_OT_farm_cancel(bpy.types.Operator):
    """End the farm's work on this job; what is rendered stays"""

    bl_idname = "interact.farm_cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not is_running():
            cls.poll_message_set("The farm is not at work")
        return is_running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            _Now.job.cancel()
        except DatasetError as error:
            return _refuse(self, context.scene.interact, error)
        return {"FINISHED"}


class INTERACT_OT_farm_resume(bpy.types.Operator):
    """Have the farm go on with the job that was submitted last, as this file was then"""

    bl_idname = "interact.farm_resume"
    bl_label = "Go On"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if is_running() or _Now.job is None:
            cls.poll_message_set("There is nothing to go on with")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            _Now.job.retry()
        except DatasetError as error:
            return _refuse(self, context.scene.interact, error)
        _follow(_Now.job)
        return {"FINISHED"}


def _submit(context: bpy.types.Context, *, overwrite: bool) -> Submission:
    """Write job and copy, and start the farm on them."""
    settings = context.scene.interact
    places = _places(context)
    names = [naming.parse(line.name) for line in settings.lines if line.state != "BAD"]
    if not names:
        raise DatasetError("none of the job's lines can be rendered")
    submitted = Submission.new(places, names)
    bpy.ops.wm.save_as_mainfile(filepath=str(submitted.template), check_existing=False, copy=True, compress=True)
    if bpy.data.filepath:
        _copy_mapping(Path(bpy.data.filepath), submitted.folder)
    armatures = {row.name: row.armature.name for row in settings.rigs if row.armature}
    if armatures:
        rig_table.save(submitted.template, armatures)
    faces = isinstance(names[0], naming.PerformanceId)
    arguments = ["face" if faces else "body", "render", str(submitted.job), *places.options]
    arguments += ["--template", str(submitted.template), "--json"]
    look = chosen.look_of(settings)
    if look.quality:
        arguments += ["--quality", look.quality]
    if look.camera and not faces:
        arguments += ["--camera", look.camera]
    if settings.options.pin_feet and not faces:
        arguments.append("--pin-feet")
    if settings.subset != chosen.SCENES:
        arguments += ["--set", settings.subset]
    known = preferences(context)
    if known is not None and known.workers:
        arguments += ["--workers", str(known.workers)]
    if overwrite:
        arguments.append("--overwrite")
    submitted.start(arguments)
    return submitted


def _copy_mapping(file: Path, folder: Path) -> None:
    """What says beside a file which bone is what."""
    table, own = file.with_name(rigs.TABLE_NAME), file.with_name(presets.FOLDER)
    if table.is_file():
        shutil.copyfile(table, folder / table.name)
    for preset in sorted(own.glob("*.toml")):
        (folder / own.name).mkdir(exist_ok=True)
        shutil.copyfile(preset, folder / own.name / preset.name)


def _places(context: bpy.types.Context) -> Places:
    """DatasetError where the farm's program or the data set is not known."""
    farm = farm_command(context)
    if farm is None:
        raise DatasetError("interact-farm was not found: name it in the extension's preferences")
    dataset = chosen.dataset_of(context.scene)
    return Places(farm, dataset.root, chosen.output_of(context.scene) or dataset.recordings)


def _unheard(settings: bpy.types.PropertyGroup) -> tuple[str, ...]:
    """What the panel says and the farm does not do."""
    ours, farms = chosen.options_of(settings), CompositeOptions()
    shown = {"sound", "names", "strips", "pin_feet"}  # in Blender's window alone, or told by an option of its own
    other = [name for name in vars(farms) if name not in shown and getattr(ours, name) != getattr(farms, name)]
    return (f"the farm composites in its own way: it does not know {', '.join(other)}",) if other else ()


def _refuse(operator: bpy.types.Operator, settings: bpy.types.PropertyGroup, error: Exception) -> set[str]:
    said = str(error).strip().removeprefix("Error: ")
    chosen.tell(settings, said)
    operator.report({"ERROR"}, said)
    return {"CANCELLED"}


def _follow(submitted: Submission) -> None:
    if _Now.job is not None and _Now.job is not submitted:
        _Now.job.close()
    _Now.job = submitted
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_TICK_SECONDS, persistent=True)


def _tick() -> float | None:
    """Show what is new; called by Blender, and never again once there is nothing more to look for."""
    if _Now.job is None:
        return None
    if _Now.job.look():
        _show(_Now.job)
        render_all.redraw()
    return None if _Now.job.is_over else _TICK_SECONDS


def _show(submitted: Submission) -> None:
    """Bring the lists up to date."""
    tasks = {task["name"]: task for task in submitted.status.get("tasks", ())}
    for scene in bpy.data.scenes:
        for line in scene.interact.lines:
            task = tasks.get(line.name)
            if task is None:
                continue
            busy = task["state"] in ("rendering", "joining")
            progress = task["frames_done"] / max(1, task["frames"]) if busy else -1.0
            render_all.show_line(line, progress, task["problem"])
        if any(line.name in tasks for line in scene.interact.lines):
            reading.refresh(scene)


_CLASSES: tuple[Callable, ...] = (
    INTERACT_OT_submit,
    INTERACT_OT_farm_follow,
    INTERACT_OT_farm_cancel,
    INTERACT_OT_farm_resume,
)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _Now.job is not None:
        _Now.job.close()
        _Now.job = None
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
