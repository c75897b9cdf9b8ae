"""Body scenes from a job file: what the `body` commands do, as plain functions."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from blender_addon.dataset import batch, jobs
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId

from . import assets, lock, plan, subjects, templates
from . import blender as blenders
from .errors import FarmError
from .executors.local import do_one
from .mux import mux_subject
from .run import Run, SceneResult, Settings, Snapshot


@dataclass(frozen=True)
class RenderOptions:
    """How to render; None leaves a choice to the template, the data set or the machine.

    template: a .blend file; blender: a Blender executable; workers: Blenders at a time; look: engine, size,
    samples, camera, label, quality; frames: the first and the last to render, from 1; chunk: frames a chunk;
    out: the folder for all results; mux: add the sound; stereo: male left, female right;
    overwrite: render finished scenes again; actors: people or mannequin, in the built-in template; faces: the people's
    own or the data set's ICT heads, of batch.FACES; rig: whose bones the people have, of batch.RIGS.
    """

    template: Path | str | None = None
    blender: Path | str | None = None
    workers: int | None = None
    look: batch.Look = field(default_factory=batch.Look)
    frames: tuple[int, int] | None = None
    chunk: int | None = None
    out: Path | str | None = None
    mux: bool = True
    stereo: bool = False
    overwrite: bool = False
    actors: str = "people"
    faces: str = "people"
    rig: str = batch.CAPTURE


@dataclass(frozen=True)
class Prepared:
    """A run that is planned and not begun."""

    to_do: plan.Plan
    dataset: Dataset
    outputs: plan.Outputs
    template: templates.Template
    options: RenderOptions


def prepare(
    job: Path | str,
    data: Path | str,
    options: RenderOptions | None = None,
    say: Callable[[str], None] = lambda line: None,
    *,
    dry: bool = False,
) -> Prepared:
    """Plan the rendering of a job file; writes nothing but the people's data into the user's cache.

    say is called with what there is to tell about them. dry: the run will not begin, so that they are not fetched
    and taken as there. Raises FarmError or DatasetError where nothing can be done.
    """
    options = options or RenderOptions()
    dataset = Dataset.at(data)
    outputs = plan.Outputs(Path(options.out or dataset.root).absolute())
    _require_plain_path(outputs.root)
    listed = jobs.read(job, SceneId)
    own = options.template or dataset.body_template.is_file()
    people = "" if own else assets.choose(options.actors, say, options.rig, fetching=not dry)
    template = templates.choose(dataset, outputs, options.template, people, options.faces, options.rig)
    planned = plan.make(
        listed.ids,
        dataset,
        outputs,
        template_fingerprint=template.fingerprint,
        look=options.look,
        frames=options.frames,
        chunk=options.chunk,
        workers=options.workers or default_workers(),
        overwrite=options.overwrite,
    )
    bad_lines = {f"line {line.number}": line.problem for line in listed.lines if line.problem}
    planned = replace(planned, failures=planned.failures | bad_lines, notices=listed.notices + template.notices)
    return Prepared(planned, dataset, outputs, template, options)


def render(
    job: Path | str,
    data: Path | str,
    options: RenderOptions | None = None,
    show: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[SceneResult]:
    """Render a job file's body scenes and add their sound; what is there already stays.

    One result a scene, failed ones with their problem. show is called with the state of the run several times a
    second. Raises FarmError or DatasetError where nothing can be done at all.
    """
    return execute(prepare(job, data, options), show)


def execute(prepared: Prepared, show: Callable[[Snapshot], None] = lambda snapshot: None) -> list[SceneResult]:
    """Do a planned run; see `render`."""
    options = prepared.options
    plan.make_room(prepared.outputs, "body", sound=options.mux)
    settings = Settings(
        prepared.template.path,
        options.look,
        options.workers or default_workers(),
        mux=options.mux,
        stereo=options.stereo,
        overwrite=options.overwrite,
    )
    with lock.held(prepared.outputs.runs):
        blender = None
        if prepared.to_do.frames_missing:
            blender = blenders.find(options.blender)
            templates.build(prepared.template, prepared.dataset, blender)
        return Run(prepared.to_do, prepared.dataset, prepared.outputs, blender, settings, show).execute()


def mux(
    job: Path | str,
    data: Path | str,
    *,
    stereo: bool = False,
    overwrite: bool = False,
    out: Path | str | None = None,
    frames: tuple[int, int] | None = None,
) -> list[SceneResult]:
    """Add the sound to the rendered scenes of a job file; one result a scene, failed ones with their problem.

    frames: to the videos of this range of frames, from 1, instead of the whole scenes'.
    """
    dataset = Dataset.at(data)
    outputs = plan.Outputs(Path(out or dataset.root).absolute())
    plan.make_room(outputs, "body", sound=True)
    listed = jobs.read(job, SceneId)
    results = [SceneResult(f"line {line.number}", 0, 0.0, None, line.problem) for line in listed.lines if line.problem]
    with lock.held(outputs.runs):
        for scene in listed.ids:
            try:
                subject = subjects.scene(dataset, scene)
                part = plan.part_of(subject, frames) if frames else None
                muxed = mux_subject(
                    subject,
                    outputs.clip(scene, part),
                    outputs.video(scene, part),
                    stereo=stereo,
                    overwrite=overwrite,
                    part=part,
                )
            except (FarmError, DatasetError) as error:
                results.append(SceneResult(str(scene), 0, 0.0, None, str(error)))
            else:
                results.append(SceneResult(str(scene), muxed.frames, 0.0, muxed.path, notices=muxed.notices))
    return results


def composite(
    scene: str,
    data: Path | str,
    save: Path | str,
    *,
    template: Path | str | None = None,
    blender: Path | str | None = None,
    camera: str | None = None,
    actors: str = "people",
    faces: str = "people",
    rig: str = batch.CAPTURE,
) -> tuple[str, ...]:
    """Composite one scene and save it as a .blend file to open and look at; returns notices."""
    dataset = Dataset.at(data)
    scene_id = SceneId.parse(scene)
    subjects.scene(dataset, scene_id)  # what can be told without Blender is told before it starts
    save = Path(save).absolute()
    if save.suffix != ".blend":
        raise FarmError(f"{save}: the name to save under ends in .blend")
    found = blenders.find(blender)
    own = template or dataset.body_template.is_file()
    people = "" if own else assets.choose(actors, rig=rig)
    chosen = templates.choose(dataset, plan.Outputs(dataset.root), template, people, faces, rig)
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        if chosen.builtin and not chosen.path.is_file():
            # The data set may be read-only: only a run keeps the template there.
            chosen = replace(chosen, path=Path(folder) / chosen.path.name)
        templates.build(chosen, dataset, found)
        request = batch.SaveComposite(
            str(scene_id), str(dataset.root), str(chosen.path), str(scene_id), str(save), camera or ""
        )
        return (*chosen.notices, *do_one(found, request)["notices"])


def default_workers() -> int:
    """Workers for this machine: Blender draws with several threads, so that two cores feed one.

    On two cores two workers still render a fifth more than one, which leaves a core idle between frames.
    """
    cores = os.cpu_count() or 1
    return min(cores, max(2, min(8, cores // 2)))


def _require_plain_path(path: Path) -> None:
    if set("#{}") & set(str(path)):
        raise FarmError(
            f"{path}: Blender takes '#', '{{' and '}}' in a path for its own; use --out with another folder"
        )
