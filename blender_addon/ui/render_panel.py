"""The sub-panel *Render*: what is rendered here or by the farm, how far it is, and what went wrong."""

import bpy

from ..scene import window_render
from . import farm_job, render_all, show_text


class INTERACT_PT_render(bpy.types.Panel):
    """Draws what `render_all` and `farm_job` know; reads no file."""

    bl_idname = "INTERACT_PT_render"
    bl_label = "Render"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "InterAct"
    bl_order = 20

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        manager = context.window_manager
        _draw_here(layout.column(), manager.interact_overwrite)
        _draw_farm(layout.column(), manager.interact_overwrite)
        layout.prop(manager, "interact_overwrite")


def _draw_here(column: bpy.types.UILayout, overwrite: bool) -> None:
    """Rendering in this Blender."""
    if render_all.is_running():
        row = column.row(align=True)
        row.progress(factor=render_all.fraction(), text=render_all.in_words())
        row.operator(render_all.INTERACT_OT_render_cancel.bl_idname, text="", icon="X")
    else:
        row = column.row(align=True)
        for text, only_active in (("Render All", False), ("Render Chosen", True)):
            button = row.operator(
                render_all.INTERACT_OT_render_all.bl_idname,
                text=text,
                icon="RENDER_ANIMATION" if not only_active else "NONE",
            )
            button.only_active, button.overwrite = only_active, overwrite
    run = render_all.run()
    for shot in run.shots if run else ():
        if shot.state == window_render.FAILED:
            _draw_problem(column, str(shot.scene), shot.problem, "\n".join((shot.problem, *shot.notices)))
        elif shot.notices and shot.is_over:
            for notice in shot.notices:
                column.label(text=f"{shot.scene}: {notice}", icon="INFO")


def _draw_farm(column: bpy.types.UILayout, overwrite: bool) -> None:
    """Rendering by the farm."""
    job = farm_job.job()
    if farm_job.is_running():
        row = column.row(align=True)
        row.progress(factor=farm_job.fraction(), text=_farm_in_words(job))
        row.operator(farm_job.INTERACT_OT_farm_cancel.bl_idname, text="", icon="X")
    else:
        row = column.row(align=True)
        row.operator(farm_job.INTERACT_OT_submit.bl_idname, icon="EXPORT").overwrite = overwrite
        row.operator(farm_job.INTERACT_OT_farm_follow.bl_idname, text="", icon="FILE_REFRESH")
        if job is not None and job.state in ("failed", "stopped", "killed") and job.run:
            row.operator(farm_job.INTERACT_OT_farm_resume.bl_idname, icon="PLAY")
    if job is None:
        return
    if job.is_over:
        column.label(text=f"Farm: {_farm_in_words(job)}", icon="CHECKMARK" if job.state == "done" else "INFO")
    if job.problem:
        _draw_problem(column, "Farm", job.problem, job.problem)
    for failure in job.status.get("failures", ()):
        text = "\n".join((failure["problem"], "", *failure["log"]))
        _draw_problem(column, failure["task"], failure["problem"], text)


def _draw_problem(column: bpy.types.UILayout, name: str, problem: str, text: str) -> None:
    """Why something failed, with the whole text one click away."""
    row = column.row(align=True)
    row.alert = True
    row.label(text=f"{name}: {problem}", icon="ERROR")
    row.operator(show_text.INTERACT_OT_show_text.bl_idname, text="", icon="TEXT").text = text


def _farm_in_words(job: farm_job.Submission | None) -> str:
    if job is None:
        return ""
    status = job.status
    if not status:
        return job.state
    words = f"{job.state}, {status['frames_done']} of {status['frames']} frames"
    return f"{words}; {status['waits']}" if status.get("waits") else words


def register() -> None:
    bpy.types.WindowManager.interact_overwrite = bpy.props.BoolProperty(
        name="Overwrite", description="Render again what is rendered already", options={"SKIP_SAVE"}
    )
    bpy.utils.register_class(INTERACT_PT_render)


def unregister() -> None:
    bpy.utils.unregister_class(INTERACT_PT_render)
    del bpy.types.WindowManager.interact_overwrite
