"""Body scenes: what the `body` commands do, as plain functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId

from . import assets, plan, rendering, saving, subjects, templates
from .rendering import RenderOptions
from .result import SceneResult
from .snapshot import Snapshot


def _template(
    dataset: Dataset, outputs: plan.Outputs, options: RenderOptions, say: Callable[[str], None], dry: bool
) -> templates.Template:
    own = options.template or dataset.body_template.is_file()
    people = "" if own else assets.choose(options.actors, say, options.rig, fetching=not dry)
    return templates.choose(dataset, outputs, options.template, people, options.faces, options.rig)


BODY = rendering.Kind("body", SceneId, _template)


def render(
    job: Path | str,
    data: Path | str,
    options: RenderOptions | None = None,
    show: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[SceneResult]:
    """Render a job file's body scenes and add their sound; see rendering.prepare and rendering.execute."""
    return rendering.execute(rendering.prepare(BODY, job, data, options), show)


def mux(
    job: Path | str,
    data: Path | str,
    *,
    stereo: bool = False,
    overwrite: bool = False,
    out: Path | str | None = None,
    frames: tuple[int, int] | None = None,
) -> list[SceneResult]:
    """Add the sound to the rendered scenes of a job file; see rendering.mux."""
    return rendering.mux(BODY, job, data, stereo=stereo, overwrite=overwrite, out=out, frames=frames)


def composite(
    scene: str,
    data: Path | str,
    save: Path | str,
    *,
    template: Path | str | None = None,
    blender: Path | str | None = None,
    camera: str | None = None,
    actors: str | None = None,
    faces: str = "people",
    rig: str = batch.CAPTURE,
    pin_feet: bool = False,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> tuple[str, ...]:
    """Composite one scene and save it as a .blend file to open and look at; returns notices.

    report: is called with what becomes of contacts on the rigs, as plain data (scene/contact_report.py).
    """
    dataset = Dataset.at(data)
    scene_id = SceneId.parse(scene)
    subjects.scene(dataset, scene_id)  # what can be told without Blender is told before it starts
    options = RenderOptions(template=template, actors=actors, faces=faces, rig=rig)
    chosen = _template(dataset, plan.Outputs(dataset.root), options, lambda line: None, False)
    saved = saving.save(
        str(scene_id), dataset, save, chosen, blender=blender, camera=camera or "", pin_feet=pin_feet,
        report=report is not None,
    )  # fmt: skip
    if report is not None and saved.report is not None:
        report(saved.report)
    return (*chosen.notices, *saved.notices)
