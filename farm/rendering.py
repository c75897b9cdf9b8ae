"""Rendering a job file, bodies or faces: plan it, do it, add its sound."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from blender_addon.dataset.reach import Reach

from . import blender as blenders
from . import forms, leftovers, listing, lock, plan, state, subjects, templates, timings
from .clips import Clips
from .errors import FarmError
from .executors.place import Place, opened
from .faults import Faults
from .launch import Launch
from .mux import mux_subject
from .pictures import Pictures
from .result import SceneResult
from .run import Run, Settings
from .snapshot import Snapshot
from .task import Medium


@dataclass(frozen=True)
class RenderOptions:
    """How to render; None leaves a choice to the template, the data set or the machine.

    template: a .blend file; blender: a Blender executable; workers: Blenders at a time; threads: of each; gpus: the
    graphics cards that they share; look: as of batch.Look; frames: the first and the last to render, from 1; chunk:
    frames a chunk; out: the folder for all results; mux: add the sound; stereo: male left, female right; overwrite:
    render finished scenes again; actors: people or mannequin, in the built-in template, None for people, and mannequins
    where their data cannot be had; faces: the people's own or the data set's ICT heads, of batch.FACES; rig: whose
    bones the people have, of batch.RIGS; pictures: a PNG for each frame instead of one video; subset: of
    layout.SUBSETS, whose faces are meant instead of the scenes'; faults: how the run meets what goes wrong; place:
    where its workers run.
    """

    template: Path | str | None = None
    blender: Path | str | None = None
    workers: int | None = None
    threads: int | None = None
    gpus: tuple[int, ...] = ()
    look: batch.Look = field(default_factory=batch.Look)
    frames: tuple[int, int] | None = None
    chunk: int | None = None
    out: Path | str | None = None
    mux: bool = True
    stereo: bool = False
    overwrite: bool = False
    actors: str | None = None
    faces: str = "people"
    rig: str = batch.CAPTURE
    pictures: bool = False
    subset: str = ""
    faults: Faults = field(default_factory=Faults)
    place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Kind:
    """What a job file is of. name: "body" or "face"; names: what its lines are; template: chooses one for a data set,
    outputs and options, telling what there is to tell, without fetching anything where its last argument is true."""

    name: str
    names: type[SceneId] | type[PerformanceId]
    template: Callable[[Dataset, plan.Outputs, RenderOptions, Callable[[str], None], bool], templates.Template]


@dataclass(frozen=True)
class Prepared:
    """A run that is planned and not begun. identity: by which its record is found again; measured: what its frames
    took before, None where none of this look and template were rendered into the folder."""

    kind: Kind
    to_do: plan.Plan
    dataset: Dataset
    outputs: plan.Outputs
    template: templates.Template
    options: RenderOptions
    identity: state.Identity
    measured: timings.Measured | None = None

    @property
    def workers(self) -> int:
        return self.options.place.workers(self.options.workers, len(self.options.gpus) or default_workers())

    @property
    def threads(self) -> int | None:
        """Of each worker; None where the template or its machine says."""
        return self.options.threads or self.options.place.threads(self.workers, cores())

    @property
    def reach(self) -> Reach:
        """How far its workers reach: chunks are unfinished work, pictures are put where they stay."""
        written = self.outputs.silent(self.kind.name) if self.options.pictures else self.outputs.runs
        return Reach((str(self.dataset.root),), (str(written),), (str(self.template.path),))


def prepare(
    kind: Kind,
    job: Path | str,
    data: Path | str,
    options: RenderOptions | None = None,
    say: Callable[[str], None] = lambda line: None,
    *,
    dry: bool = False,
    command: str = "",
) -> Prepared:
    """Plan the rendering of a job file; writes nothing but the people's data into the user's cache.

    say is called with what there is to tell about them. dry: the run will not begin, so that they are not fetched
    and taken as there. command: as the user typed it, for the run's record. Raises FarmError or DatasetError where
    nothing can be done.
    """
    options = options or RenderOptions()
    if options.gpus and options.place.executor != "local":
        raise FarmError("--gpus names this machine's graphics cards; on a cluster its queue gives each worker its own")
    dataset = Dataset.at(data, options.subset)
    outputs = plan.Outputs(Path(options.out or dataset.recordings).absolute())
    _require_plain_path(outputs.root)
    listed = listing.read(job, kind.names, "render")
    template = kind.template(dataset, outputs, options, say, dry)
    medium: Medium = Pictures(options.look.size) if options.pictures else Clips()
    shared = plan.made_from(template.fingerprint, options.look)
    measured = timings.earlier(outputs, kind.name, shared, as_pictures=options.pictures)
    heads = templates.heads_of(template, dataset, listed.ids)
    planned = plan.make(
        listed.ids,
        dataset,
        outputs,
        template_fingerprint=template.fingerprint,
        actors=template.actors,
        refused=heads.refused,
        look=options.look,
        medium=medium,
        frames=options.frames,
        chunk=options.chunk,
        workers=options.place.workers(options.workers, len(options.gpus) or default_workers()),
        frame_seconds=measured.frame_seconds if measured else None,
        overwrite=options.overwrite,
    )
    bad_lines = {f"line {line.number}": line.problem for line in listed.lines if line.problem}
    notices = (*listed.notices, *template.notices, *heads.notices, *planned.notices)
    planned = replace(planned, failures=planned.failures | bad_lines, notices=notices)
    identity = state.Identity(
        _run_id(kind, listed.ids, outputs, template, options),
        kind.name,
        str(Path(job).absolute()),
        str(dataset.root.absolute()),
        as_facts(options, outputs.root),
        command,
    )
    return Prepared(kind, planned, dataset, outputs, template, options, identity, measured)


def execute(
    prepared: Prepared,
    show: Callable[[Snapshot], None] = lambda snapshot: None,
    say: Callable[[str], None] = lambda line: None,
) -> list[SceneResult]:
    """Do a planned run: render what is missing and add its sound; what is there already stays.

    One result a line, failed ones with their problem. show is called with the state of the run several times a
    second; say with what is to be told of the run's record and of older results. Raises FarmError or DatasetError where
    nothing can be done at all.
    """
    options = prepared.options
    plan.make_room(prepared.outputs, prepared.kind.name, sound=options.mux)
    settings = Settings(
        prepared.template.path,
        options.look,
        mux=options.mux,
        stereo=options.stereo,
        overwrite=options.overwrite,
        faults=options.faults,
        chunk=options.chunk,
    )
    with lock.held(prepared.outputs.runs, prepared.identity.id):
        leftovers.end(prepared.outputs.logs)
        launch = None
        if prepared.to_do.frames_missing:
            blender = blenders.find(options.blender)
            launch = Launch(blender, prepared.reach, prepared.threads, options.gpus)
            templates.build(prepared.template, blender)
        record = state.Record(prepared.outputs.root, prepared.outputs.state, prepared.identity, say)
        with state.recorded(record):
            logs = prepared.outputs.logs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
            with opened(options.place, launch, logs, prepared.workers, options.workers) as executor:
                run = Run(prepared.to_do, prepared.dataset, prepared.outputs, executor, settings, record, show)
                results = run.execute()
        _tell_of_older_forms(prepared, results, say)
        return results


def _tell_of_older_forms(prepared: Prepared, results: Sequence[SceneResult], say: Callable[[str], None]) -> None:
    good = {result.scene for result in results if not result.problem}
    done = [task for task in prepared.to_do.tasks if task.name in good and not task.is_part]
    for task in done:
        forms.use(prepared.outputs, task)
    for notice in forms.beside(prepared.outputs, [task.subject.id for task in done]):
        say(notice)


def mux(
    kind: Kind,
    job: Path | str,
    data: Path | str,
    *,
    stereo: bool = False,
    overwrite: bool = False,
    out: Path | str | None = None,
    frames: tuple[int, int] | None = None,
    subset: str = "",
) -> list[SceneResult]:
    """Add the sound to what a job file lists and is rendered; one result a line, failed ones with their problem.

    frames: to the videos of this range of frames, from 1, instead of the whole ones; subset: as of RenderOptions.
    """
    dataset = Dataset.at(data, subset)
    outputs = plan.Outputs(Path(out or dataset.recordings).absolute())
    listed = listing.read(job, kind.names, "mux")
    plan.make_room(outputs, kind.name, sound=True)
    results = [SceneResult(f"line {line.number}", 0, 0.0, None, line.problem) for line in listed.lines if line.problem]
    with lock.held(outputs.runs):
        for name in listed.ids:
            try:
                subject = subjects.of(dataset, name)
                part = plan.part_of(subject, frames) if frames else None
                picture = outputs.shown(name, part)
                if kind.names is PerformanceId and not picture.exists():
                    lack = f"no such folder of pictures, nor is there {picture.name}"
                    raise FarmError(f"{outputs.pictures(name)}: {lack}; render it first")
                muxed = mux_subject(
                    subject, picture, outputs.video(name, part), stereo=stereo, overwrite=overwrite, part=part
                )
            except (FarmError, DatasetError) as error:
                results.append(SceneResult(str(name), 0, 0.0, None, str(error)))
            else:
                results.append(SceneResult(str(name), muxed.frames, 0.0, muxed.path, notices=muxed.notices))
    return results


def default_workers() -> int:
    """Workers for this machine: Blender draws with several threads, so that two cores feed one.

    On two cores two workers still render a fifth more than one, which leaves a core idle between frames.
    """
    return min(cores(), max(2, min(8, cores() // 2)))


def cores() -> int:
    """Processor cores that this process may use: on a cluster often fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def as_facts(options: RenderOptions, out: Path) -> dict[str, Any]:
    """Options as plain data, for JSON; paths are absolute, so that they mean the same from everywhere."""
    facts = asdict(options) | {"out": str(out.absolute())}
    for name in ("template", "blender"):
        facts[name] = _absolute(facts[name]) if facts[name] else None
    for name in ("scheduler", "cluster"):
        facts["place"][name] = _absolute(facts["place"][name]) if facts["place"][name] else ""
    return facts


def _absolute(chosen: Path | str) -> str:
    # A bare name may be one on PATH, or an address.
    return str(Path(chosen).absolute() if Path(chosen).exists() else chosen)


def from_facts(facts: dict[str, Any]) -> RenderOptions:
    """What `as_facts` wrote; FarmError where it is something else."""
    try:
        look = dict(facts["look"])
        look = look | {name: tuple(look[name]) for name in ("size", "label") if look[name] is not None}
        frames = tuple(facts["frames"]) if facts["frames"] is not None else None
        made: dict[str, Any] = {"look": batch.Look(**look), "frames": frames, "faults": Faults(**facts["faults"])}
        made["gpus"] = tuple(facts["gpus"])
        made["place"] = Place(**facts["place"])
        return RenderOptions(**(facts | made))
    except (KeyError, TypeError, ValueError) as error:
        raise FarmError(f"its options are not those of this program ({error}); start it by its command") from error


def _run_id(
    kind: Kind,
    names: Sequence[SceneId | PerformanceId],
    outputs: plan.Outputs,
    template: templates.Template,
    options: RenderOptions,
) -> str:
    # Neither where the folder lies nor how the work is cut: a run that was moved is the same.
    targets = [outputs.pictures(name) if options.pictures else outputs.clip(name, options.frames) for name in names]
    paths = [path.relative_to(outputs.root).as_posix() for path in targets]
    parts = template.fingerprint, options.look, options.frames, options.mux, options.stereo, options.subset
    return state.run_id(kind.name, [*map(str, names), *paths, *parts])


def _require_plain_path(path: Path) -> None:
    if set("#{}") & set(str(path)):
        raise FarmError(
            f"{path}: Blender takes '#', '{{' and '}}' in a path for its own; use --out with another folder"
        )
