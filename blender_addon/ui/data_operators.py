"""Operators on the data set and the job: read them anew, and look at all their files."""

from collections.abc import Iterator

import bpy

from ..dataset import check
from . import chosen, reading
from .telling import Steps, told

#: So many findings are kept; more than that is a data set in the wrong folder.
_MOST = 500


class INTERACT_OT_read_job(bpy.types.Operator):
    """Read the data set's folders and the job file anew, and look what has been rendered"""

    bl_idname = "interact.read_job"
    bl_label = "Refresh"
    bl_options = {"REGISTER", "UNDO"}

    @told
    def execute(self, context: bpy.types.Context) -> set[str]:
        reading.read_all(context.scene)
        if problem := context.scene.interact.last_problem:
            self.report({"ERROR"}, problem)
            return {"CANCELLED"}
        return {"FINISHED"}


class INTERACT_OT_check_data(Steps, bpy.types.Operator):
    """Look into every file that the job's scenes need: what is missing, cut short or of another length"""

    bl_idname = "interact.check_data"
    bl_label = "Check Data Set"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.interact
        if not settings.job_file or chosen.root_of(context.scene) is None:
            cls.poll_message_set("Choose the data set and a job file first")
            return False
        if settings.busy:
            cls.poll_message_set("Something else goes on")
            return False
        return True

    def steps(self, context: bpy.types.Context) -> Iterator[float]:
        scene = context.scene
        settings = scene.interact
        dataset = chosen.dataset_of(scene)
        reading.read_job(scene)
        chosen.tell(settings)
        settings.findings.clear()
        job = check.read(chosen.job_of(settings), dataset.subset)
        notices = list(job.notices)
        told = 0
        for number, report in enumerate(check.check_lines(dataset, job, notices), 1):
            for text in notices[told:]:
                _find(settings, text, bad=False)
            told = len(notices)
            if report.problem:
                _find(settings, report.problem, bad=True)
            for text in report.missing:
                _find(settings, f"{report.text}: {text}", bad=False)
            line = settings.lines.get(report.text)
            if line is not None:
                line.problem, line.missing = report.problem, "\n".join(report.missing)
                line.seconds = report.seconds or line.seconds
                line.state = "BAD" if report.problem else "NONE" if line.state == "BAD" else line.state
            yield number / len(job.lines)
        reading.refresh(scene)
        bad = sum(finding.bad for finding in settings.findings)
        self.report({"INFO"}, f"{len(job.lines)} lines: {bad} cannot be rendered, {len(settings.findings) - bad} notes")


def _find(settings: bpy.types.PropertyGroup, text: str, *, bad: bool) -> None:
    if len(settings.findings) < _MOST:
        finding = settings.findings.add()
        finding.name, finding.bad = text, bad


_CLASSES = (INTERACT_OT_read_job, INTERACT_OT_check_data)


def register() -> None:
    for kind in _CLASSES:
        bpy.utils.register_class(kind)


def unregister() -> None:
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)
