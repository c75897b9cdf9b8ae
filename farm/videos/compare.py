"""The same scene from several folders of motion: rendered alike, side by side, with the sound of one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from blender_addon.dataset import databases, jobs, naming
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import FPS, Dataset
from blender_addon.dataset.naming import NamingError, PerformanceId, SceneId

from .. import blender as blenders
from .. import body, face, plan, rendering, subjects, templates, video
from ..errors import FarmError
from ..rendering import Kind, RenderOptions
from ..result import SceneResult
from ..video import VideoInfo
from . import edited, motion_source
from .blind_key import LETTERS, Key
from .compose import Layer, compose
from .grid import Cell, Grid, draw
from .motion_source import Source
from .plates import write_video

#: Of one video.
LEAST, MOST = 2, 6

#: Where what is rendered for comparisons lies, in the folder for unfinished work.
_FOLDER = "compare"

Name = SceneId | PerformanceId
Render = Callable[[Kind, Path, Path, RenderOptions], list[SceneResult]]


@dataclass(frozen=True)
class CompareOptions:
    """How sources are compared. clip: the first and the last second; sound: the label of the source that is heard, ""
    for the first; blind: letters instead of labels, in an order of chance, told in a key file; seed: of that chance,
    None for any; overwrite: make again what is there; font: a font file that is preferred."""

    size: tuple[int, int] = (1920, 1080)
    clip: tuple[float, float] | None = None
    sound: str = ""
    blind: bool = False
    seed: int | None = None
    overwrite: bool = False
    font: Path | None = None

    @property
    def frames(self) -> tuple[int, int] | None:
        """The clip as its first and last frame, from 1."""
        if self.clip is None:
            return None
        first = round(self.clip[0] * FPS) + 1
        return first, max(first, round(self.clip[1] * FPS))


@dataclass(frozen=True)
class _Laid:
    """A source as a data set, where it is rendered to, and what of each scene came from the first source, or why
    there is nothing to see."""

    source: Source
    dataset: Dataset
    outputs: plan.Outputs
    lent: dict[Name, tuple[str, ...]]
    problems: dict[Name, str]


def render_plainly(kind: Kind, job: Path, data: Path, options: RenderOptions) -> list[SceneResult]:
    """Render a job's missing frames, without a view of it."""
    return rendering.execute(rendering.prepare(kind, job, data, options))


def names_of(sources: Sequence[Source], scene: str = "", job: Path | None = None) -> tuple[list[Name], list[str]]:
    """What is to be compared, scenes or performances, and a sentence for each line of a job that names none.

    Without a name it is the one scene that all sources have; FarmError where that is none or several.
    """
    if job is not None:
        kind: type[SceneId] | type[PerformanceId] = PerformanceId if _is_of_faces(job) else SceneId
        read = jobs.read(job, kind)  # type: ignore[type-var]  # either of the two, not their union
        return list(read.ids), list(read.problems)
    if scene:
        return [naming.parse(scene)], []
    shared = set.intersection(*({p.scene for p in source.performances()} for source in sources))
    if len(shared) != 1:
        some = f"{len(shared)} scenes, such as {min(shared)}" if shared else "no scene"
        raise FarmError(f"the sources share {some}; name one with --scene, or several with --job")
    return list(shared), []


def compare(
    out: Path | str,
    sources: Sequence[Source],
    names: Sequence[Name],
    options: CompareOptions | None = None,
    how: RenderOptions | None = None,
    *,
    as_folder: bool = False,
    render: Render = render_plainly,
    tell: Callable[[str], None] = lambda line: None,
) -> list[SceneResult]:
    """Make the video `out`, or `<scene>.mp4` of each scene in the folder `out`; one result a scene.

    sources: two to six, the first a data set, which lends the others what they lack; how: how to render, without its
    size and its folder; render: renders a job of scenes or of faces. What is rendered lies in `farm_runs/` beside
    `out` and stays there for the next start. FarmError or DatasetError where nothing can be compared.
    """
    options, how, out = options or CompareOptions(), how or RenderOptions(), Path(out).absolute()
    _check(sources, names, options, out, as_folder=as_folder)
    kind = face.FACE if isinstance(names[0], PerformanceId) else body.BODY
    key = None
    if options.blind:
        key = Key(out / "key.json" if as_folder else out.with_suffix(".key.json"), options.seed)
    grid = Grid.of(len(sources), options.size, titled=not options.blind, square=kind is face.FACE)
    work = (out if as_folder else out.parent) / plan.RUNS_FOLDER / _FOLDER
    first = sources[0]
    template, refused = _template(kind, Dataset.at(first.path), names, work, how, tell)
    shown = [name for name in names if name not in refused]
    how = replace(
        how, template=template, out=None, mux=False, pictures=False, frames=options.frames,
        look=replace(how.look, size=grid.rendered, label=()),
    )  # fmt: skip
    laid = []
    for source in sources:
        laid.append(_lay(first, source, shown, work))
        tell(f"{source.label}:")
        _render(kind, laid[-1], how, render)
    results = []
    for name in names:
        if name in refused:
            results.append(SceneResult(str(name), 0, 0.0, None, refused[name]))
            continue
        target = out / f"{name}.mp4" if as_folder else out
        try:
            made = _compose(name, laid, target, grid, options, key)
        except (FarmError, DatasetError) as error:
            results.append(SceneResult(str(name), 0, 0.0, None, str(error)))
        else:
            results.append(SceneResult(str(name), made.frames, 0.0, made.path, notices=made.notices))
    if key:
        key.write()
    return results


def _check(
    sources: Sequence[Source], names: Sequence[Name], options: CompareOptions, out: Path, *, as_folder: bool
) -> None:
    labels = [source.label for source in sources]
    if not LEAST <= len(sources) <= MOST:
        raise FarmError(f"{len(sources)} sources; a comparison has {LEAST} to {MOST}")
    if twice := next((label for label in labels if labels.count(label) > 1), ""):
        raise FarmError(f"two sources are called {twice!r}; write SRC=LABEL with another label")
    places = [source.path.resolve() for source in sources]
    for source, place in zip(sources, places, strict=True):
        if not source.path.is_dir():
            raise FarmError(f"{source.path}: no such folder of motion")
        if places.count(place) > 1:
            raise FarmError(f"{source.path}: given twice; name other motion to compare it with")
    if options.sound and options.sound not in labels:
        raise FarmError(f"--sound {options.sound!r} is no label; there are {', '.join(labels)}")
    if not names:
        raise FarmError("there is no scene to compare")
    if not as_folder and out.suffix.lower() != ".mp4":
        raise FarmError(f"{out}: a video's name ends in .mp4; with --job, OUT is the folder of all videos")


def _is_of_faces(job: Path) -> bool:
    """Whether the first of a job's lines that names anything names a performance."""
    for line in jobs.read(job, SceneId).lines:
        with suppress(NamingError):
            return isinstance(naming.parse(line.text), PerformanceId)
    return False


def _template(
    kind: Kind, first: Dataset, names: Sequence[Name], work: Path, how: RenderOptions, tell: Callable[[str], None]
) -> tuple[Path, Mapping[Name, str]]:
    """One template for all sources, the first's: a built-in one has people of its actors' sizes; and whom of `names`
    it cannot show, with why."""
    chosen = kind.template(first, plan.Outputs(work), how, tell, False)
    heads = templates.heads_of(chosen, first, names)
    for notice in heads.notices:
        tell(notice)
    if len(heads.refused) < len(names) and not chosen.path.is_file():
        templates.build(chosen, blenders.find(how.blender))
    return chosen.path, heads.refused


def _lay(first: Source, source: Source, names: Sequence[Name], work: Path) -> _Laid:
    """A source's own data set, always in the same place, so that what was rendered of it is found again."""
    paths = f"{source.path.resolve()}\n{first.path.resolve()}"
    digest = blake2b(paths.encode(), digest_size=4).hexdigest()
    folder = work / f"{re.sub(r'[^A-Za-z0-9]+', '-', source.path.name)}-{digest}"
    dataset = motion_source.begin(first, folder / "data")
    laid = _Laid(source, dataset, plan.Outputs(folder), {}, {})
    for name in names:
        try:
            laid.lent[name] = motion_source.lay(first, source, name, dataset)
        except (FarmError, DatasetError) as error:
            laid.problems[name] = str(error)
    return laid


def _render(kind: Kind, laid: _Laid, how: RenderOptions, render: Render) -> None:
    if not laid.lent:
        return
    job = laid.outputs.root / "job.txt"
    jobs.write(job, laid.lent)
    for result in render(kind, job, laid.dataset.root, replace(how, out=laid.outputs.root)):
        if result.problem:
            laid.problems.update({name: result.problem for name in laid.lent if str(name) == result.scene})


def _compose(
    name: Name, laid: Sequence[_Laid], out: Path, grid: Grid, options: CompareOptions, key: Key | None
) -> edited.Made:
    for one in laid:
        if name in one.problems:
            raise FarmError(f"{one.source.label}: {one.problems[name]}")
    shown = list(laid)
    if key:
        of = {one.source.label: one for one in laid}
        told = {n: {"source": str(one.source.path), "from the first": list(one.lent[name])} for n, one in of.items()}
        shown = [of[label] for label in key.order(str(name), told)]
    lender = laid[0].source.label
    cells, infos, notices = [], [], []
    length = _part(name, laid[0], options)
    for letter, one in zip(LETTERS, shown, strict=False):
        lent = " and ".join(one.lent[name])
        # Whose motion it is would tell which the others are.
        cells.append(Cell(letter) if key else Cell(one.source.label, f"{lent} from {lender}" if lent else ""))
        part = _part(name, one, options)
        infos.append(video.probe(one.outputs.clip(name, part if options.frames else None)))
        if infos[-1].frames != length[1] - length[0] + 1:
            ends = "its last picture stays" if part[1] < length[1] else "its end is cut"
            notices.append(f"{one.source.label}: ends at frame {part[1]}, {lender} at {length[1]}; {ends}")
        if lent:
            notices.append(f"{one.source.label}: {lent} from {lender}")
    frames = length[1] - length[0] + 1
    title = "" if key else _title(name, laid[0].dataset)

    def composed(target: Path, tags: dict[str, str]) -> VideoInfo:
        layers = [Layer(info, box) for info, box in zip(infos, grid.boxes, strict=True)]
        with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
            plates = Path(folder) / "plates.nut"
            write_video(plates, [(0, draw(grid, cells, title, options.font).image)])
            return compose(layers, plates, grid.size, frames, target, tags)

    heard = next(one for one in laid if one.source.label == (options.sound or lender))
    subject = subjects.of(heard.dataset, name)
    contents = [edited.content(info) for info in infos]
    made = edited.make(
        out, ("compare", contents, cells, title, grid, frames, options.font), subject, composed,
        overwrite=options.overwrite, part=length if options.frames else None,
    )  # fmt: skip
    return edited.Made(made.path, made.frames, (*notices, *made.notices))


def _part(name: Name, laid: _Laid, options: CompareOptions) -> tuple[int, int]:
    """The frames, from 1, that are seen of a source."""
    subject = subjects.of(laid.dataset, name)
    return plan.part_of(subject, options.frames) if options.frames else (1, subject.frames)


def _title(name: Name, dataset: Dataset) -> str:
    scene = name if isinstance(name, SceneId) else name.scene
    with suppress(DatasetError):
        scenario = databases.scenarios(dataset).get(scene.scenario)
        if scenario:
            return " · ".join(filter(None, (str(name), scenario.emotion, scenario.relationship)))
    return str(name)
