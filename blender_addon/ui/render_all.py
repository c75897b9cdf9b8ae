"""*Render All*: the job's scenes, one after another, in this Blender, while its window goes on."""

from collections.abc import Callable

import bpy
from bpy.app.translations import pgettext_rpt

from ..dataset.errors import DatasetError
from ..dataset.naming import NamingError, SceneId
from ..scene import composite, window_render
from ..scene.window_render import Order, WindowRender
from . import chosen, reading
from .preferences import farm_command
from .sound_process import FarmSound

#: Between two frames, seconds: the window's own time.
_TICK_SECONDS = 0.01

#: The regions of areas that show how far it is.
_SHOWN_IN = {("VIEW_3D", "UI"), ("VIEW_3D", "HEADER"), ("PROPERTIES", "WINDOW")}


class _Now:
    """What is rendered in this Blender, or was last; drawing reads it."""

    run: WindowRender | None = None
    is_running = False
    over = 0


def run() -> WindowRender | None:
    """The newest rendering, also one that has ended; None where there was none."""
    return _Now.run


def is_running() -> bool:
    """Whether *Render All* is at work."""
    return _Now.is_running


def fraction() -> float:
    """How much of the work in hand is done, 0 to 1."""
    return _Now.run.fraction if _Now.run else 0.0


def in_words() -> str:
    """What goes on, in a few words."""
    if _Now.run is None:
        return ""
    shot = _Now.run.current
    if shot is None:
        return f"{sum(shot.is_over for shot in _Now.run.shots)} of {len(_Now.run.shots)} scenes"
    frames = f" {shot.done} of {shot.frames}" if shot.state == window_render.RENDERING else ""
    return f"{shot.scene} {shot.state}{frames}"


class INTERACT_OT_render_all(bpy.types.Operator):
    """Render the job's scenes in this Blender, with their sound where the farm's command is found.

    What is finished stays, and a scene that broke off goes on with its next frame. What you change in this file besides
    engine, size, camera and quality is not seen: tick Overwrite to begin anew. Esc ends it
    """

    bl_idname = "interact.render_all"
    bl_label = "Render All"
    bl_options = {"UNDO"}

    only_active: bpy.props.BoolProperty(name="Only Chosen", description="Only the scene that is chosen in the list")
    overwrite: bpy.props.BoolProperty(name="Overwrite", description="Also what is rendered already")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.interact
        if settings.busy:
            cls.poll_message_set("Something else goes on")
        elif bpy.app.background or context.window is None:
            cls.poll_message_set("There is no window: use `interact-farm body render`")
        elif not settings.lines:
            cls.poll_message_set("No scenes: choose a job file")
        elif settings.subset != chosen.SCENES:
            cls.poll_message_set("Faces are rendered by the farm: use Submit to Farm")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.interact
        try:
            order = _order(context, only_active=self.only_active, overwrite=self.overwrite)
        except (DatasetError, NamingError) as error:
            chosen.tell(settings, str(error))
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        chosen.tell(settings)
        window_render.drop_copies()
        _Now.run = WindowRender(order)
        _Now.over = 0
        _Now.is_running = True
        settings.busy = self.bl_label
        self._begin(context)
        return {"RUNNING_MODAL"}

    def _begin(self, context: bpy.types.Context) -> None:
        self._timer = context.window_manager.event_timer_add(_TICK_SECONDS, window=context.window)
        self._run, self._scene = _Now.run, context.scene.name
        context.window_manager.modal_handler_add(self)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if _Now.run is not self._run or not _Now.is_running:  # the extension was disabled meanwhile
            context.window_manager.event_timer_remove(self._timer)
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            self._run.cancelled = True
        if event.type == "Z" and (event.ctrl or event.oskey):
            # It would take the motion away from under the frames, and ends Blender when the next file is opened.
            self.report({"WARNING"}, pgettext_rpt("Undo waits until Render All has ended"))
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        goes_on = self._run.step()
        _show(self._scene)
        if goes_on:
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end()

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it: another file is opened, or the window is closed."""
        context.window_manager.event_timer_remove(self._timer)
        stop()

    def _end(self) -> set[str]:
        _at_rest()
        shots = self._run.shots
        failed = [shot for shot in shots if shot.state == window_render.FAILED]
        good = sum(shot.state in (window_render.DONE, window_render.THERE) for shot in shots)
        problem = f"{failed[0].scene}: {failed[0].problem}" if failed else ""
        notices = tuple(f"{shot.scene}: {notice}" for shot in shots for notice in shot.notices)
        scene = bpy.data.scenes.get(self._scene)
        if scene is not None:
            chosen.tell(scene.interact, problem, notices)
        if failed:
            self.report({"ERROR"}, problem)
        elif self._run.cancelled:
            self.report(
                {"WARNING"}, pgettext_rpt("Render All was cancelled; it goes on where it was when started again")
            )
        else:
            self.report({"INFO"}, pgettext_rpt("{good} of {all} scenes rendered").format(good=good, all=len(shots)))
        return {"FINISHED"}


class INTERACT_OT_render_cancel(bpy.types.Operator):
    """End Render All after the frame in hand; what is rendered stays"""

    bl_idname = "interact.render_cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not is_running():
            cls.poll_message_set("Nothing is rendered")
        return is_running()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if _Now.run is not None:
            _Now.run.cancelled = True
        return {"FINISHED"}


def stop() -> None:
    """End the rendering at once; what is rendered stays."""
    if _Now.run is not None and _Now.is_running:
        _Now.run.cancelled = True
        _Now.run.close()
    _at_rest()


def _at_rest() -> None:
    """Nothing is rendered any more: other operators may begin."""
    _Now.is_running = False
    for scene in bpy.data.scenes:
        if scene.interact.busy == INTERACT_OT_render_all.bl_label:
            scene.interact.busy = ""
    redraw()


def _order(context: bpy.types.Context, *, only_active: bool, overwrite: bool) -> Order:
    """What the panel says is to be rendered; DatasetError where something for it is missing."""
    scene, settings = context.scene, context.scene.interact
    dataset = chosen.dataset_of(scene)
    output = chosen.output_of(scene) or dataset.root
    lines = [settings.line] if only_active and settings.line else settings.lines
    scenes = tuple(SceneId.parse(line.name) for line in lines if line.state != "BAD")
    if not scenes:
        raise DatasetError("none of the job's lines can be rendered")
    options, shot = chosen.options_of(settings), chosen.shot_of(settings)
    table = chosen.table_of(scene)

    def put(onto: bpy.types.Scene, scene_id: SceneId) -> composite.Composited:
        done = composite.composite(onto, dataset, scene_id, table=table, shot=shot, options=options)
        onto.interact.composited = str(scene_id)
        return done

    decides = options, table
    sound = FarmSound(farm_command(context), dataset, output)
    look = chosen.look_of(settings)
    return Order(scene.name, dataset, scenes, output, look, put, decides, overwrite, sound)


def _show(scene: str) -> None:
    """Bring list and panel up to date."""
    found = bpy.data.scenes.get(scene)
    if found is None or _Now.run is None:
        return
    for shot in _Now.run.shots:
        line = found.interact.lines.get(str(shot.scene))
        if line is not None:
            show_line(line, shot.fraction if shot.is_busy else -1.0, shot.problem)
    found.interact.progress = fraction()
    over = sum(shot.is_over for shot in _Now.run.shots)
    if over != _Now.over:
        _Now.over = over
        reading.refresh(found)
    redraw()


def redraw() -> None:
    """Have drawn anew what shows how far it is, and not the 3D view itself: that may take longer than a frame."""
    for manager in bpy.data.window_managers:
        for window in manager.windows:
            for area in window.screen.areas:
                for region in area.regions:
                    if (area.type, region.type) in _SHOWN_IN:
                        region.tag_redraw()


def show_line(line: bpy.types.PropertyGroup, progress: float, problem: str) -> None:
    """Set what a line shows, where that is other than before: Blender takes each setting for a change of the file."""
    if abs(line.progress - progress) > 1e-4:
        line.progress = progress
    if line.problem != problem:
        line.problem = problem


def draw_header(header: bpy.types.Header, _context: bpy.types.Context) -> None:
    """Beside the 3D view's menus, while something is rendered."""
    if is_running():
        row = header.layout.row(align=True)
        row.ui_units_x = 7
        row.progress(factor=fraction(), text=f"Render All {fraction():.0%}")
        row.operator(INTERACT_OT_render_cancel.bl_idname, text="", icon="X")


_CLASSES: tuple[Callable, ...] = (INTERACT_OT_render_all, INTERACT_OT_render_cancel)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.VIEW3D_HT_header.append(draw_header)


def unregister() -> None:
    stop()
    _Now.run = None
    bpy.types.VIEW3D_HT_header.remove(draw_header)
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
