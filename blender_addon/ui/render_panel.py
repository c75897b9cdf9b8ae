"""The sub-panel *Render*: what is rendered here or by the farm, how far it is, and what went wrong."""

import bpy

from ..scene import window_render
from . import farm_job, render_all, show_text
from .panel import MAIN, paragraph, placed
from .submission import Submission


class _Render:
    """Draws what `render_all` and `farm_job` know; reads no file."""

    bl_label = "Render"

    def draw(self, context: bpy.types.Context) -> None:
        manager = context.window_manager
        self._draw_here(context, manager.interact_overwrite)
        self._draw_farm(context, manager.interact_overwrite)
        self.layout.prop(manager, "interact_overwrite")

    def _draw_here(self, context: bpy.types.Context, overwrite: bool) -> None:
        """Rendering in this Blender."""
        column = self.layout.column()
        row = column.row(align=True)
        if render_all.is_running():
            row.progress(factor=render_all.fraction(), text=render_all.in_words())
            row.operator(render_all.INTERACT_OT_render_cancel.bl_idname, text="", icon="X")
        else:
            name = render_all.INTERACT_OT_render_all.bl_idname
            for text, icon, only_active in (("Render All", "RENDER_ANIMATION", False), ("Render Chosen", "NONE", True)):
                button = row.operator(name, text=text, icon=icon)
                button.only_active, button.overwrite = only_active, overwrite
        run = render_all.run()
        for shot in run.shots if run else ():
            if shot.state == window_render.FAILED:
                text = "\n".join((f"{shot.scene}: {shot.problem}", *shot.notices))
                _draw_problem(column, context, f"{shot.scene}: {shot.problem}", text)

    def _draw_farm(self, context: bpy.types.Context, overwrite: bool) -> None:
        """Rendering by the farm."""
        column, job = self.layout.column(), farm_job.job()
        row = column.row(align=True)
        if job is not None and not job.is_over:
            row.progress(factor=farm_job.fraction(), text=_in_words(job))
            row.operator(farm_job.INTERACT_OT_farm_cancel.bl_idname, text="", icon="X")
        else:
            row.operator(farm_job.INTERACT_OT_submit.bl_idname, icon="EXPORT").overwrite = overwrite
            if job is not None and job.run and job.state != "done":
                row.operator(farm_job.INTERACT_OT_farm_resume.bl_idname, icon="PLAY")
            row.operator(farm_job.INTERACT_OT_farm_follow.bl_idname, text="", icon="FILE_REFRESH")
        if job is None:
            return
        if job.is_over:
            column.label(text=_in_words(job), icon="CHECKMARK" if job.state == "done" else "INFO", translate=False)
        if job.problem:
            _draw_problem(column, context, job.problem, job.problem)
        for failure in job.status.get("failures", ()):
            problem = f"{failure['task']}: {failure['problem']}"
            _draw_problem(column, context, problem, "\n".join((problem, "", *failure["log"])))


def _draw_problem(column: bpy.types.UILayout, context: bpy.types.Context, problem: str, text: str) -> None:
    """Why something failed, with all that is known of it one click away."""
    box = column.box()
    box.alert = True
    paragraph(box, context, problem, "ERROR")
    box.operator(show_text.INTERACT_OT_show_text.bl_idname, icon="TEXT").text = text


def _in_words(job: Submission) -> str:
    """What the farm does, in a few words."""
    status = job.status
    if not status:
        return f"farm: {job.state}"
    words = f"farm: {job.state}, {status['frames_done']} of {status['frames']} frames"
    return f"{words}; {status['waits']}" if status.get("waits") else words


_CLASSES = placed(_Render, "render", 50, MAIN)


def register() -> None:
    bpy.types.WindowManager.interact_overwrite = bpy.props.BoolProperty(
        name="Overwrite", description="Render again what is rendered already", options={"SKIP_SAVE"}
    )
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
    del bpy.types.WindowManager.interact_overwrite
