"""Faces: what the `face` commands that render do, as plain functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId

from . import assets, plan, rendering, saving, subjects, templates
from .rendering import RenderOptions
from .result import SceneResult
from .snapshot import Snapshot


def _template(
    dataset: Dataset, outputs: plan.Outputs, options: RenderOptions, say: Callable[[str], None], dry: bool
) -> templates.Template:
    own = options.template or dataset.face_template.is_file()
    people = "" if own else assets.choose(options.actors, say, fetching=not dry)
    return templates.choose_face(dataset, outputs, options.template, people)


FACE = rendering.Kind("face", PerformanceId, _template)


def render(
    job: Path | str,
    data: Path | str,
    options: RenderOptions | None = None,
    show: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[SceneResult]:
    """Render a job file's faces and add each actor's voice; see rendering.prepare and rendering.execute."""
    return rendering.execute(rendering.prepare(FACE, job, data, options), show)


def mux(
    job: Path | str,
    data: Path | str,
    *,
    overwrite: bool = False,
    out: Path | str | None = None,
    frames: tuple[int, int] | None = None,
    subset: str = "",
) -> list[SceneResult]:
    """Add the voices to the rendered faces of a job file; see rendering.mux."""
    return rendering.mux(FACE, job, data, overwrite=overwrite, out=out, frames=frames, subset=subset)


def composite(
    performance: str,
    data: Path | str,
    save: Path | str,
    *,
    template: Path | str | None = None,
    blender: Path | str | None = None,
    actors: str | None = None,
    subset: str = "",
) -> tuple[str, ...]:
    """Put one performance on its actor's head and save it as a .blend file to open and look at; returns notices."""
    dataset = Dataset.at(data, subset)
    name = PerformanceId.parse(performance)
    subjects.performance(dataset, name)  # what can be told without Blender is told before it starts
    options = RenderOptions(template=template, actors=actors, subset=subset)
    chosen = _template(dataset, plan.Outputs(dataset.recordings), options, lambda line: None, False)
    return saving.save(str(name), dataset, save, chosen, blender=blender).notices
