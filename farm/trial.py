"""A trial: a few frames of a planned run rendered in a temporary folder, to measure what they take."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from blender_addon.dataset import layout

from . import plan, rendering, timings
from .audio import BIT_RATE
from .errors import FarmError
from .executors.place import Place
from .result import SceneResult
from .snapshot import Snapshot
from .task import Task
from .timings import Measured

#: Frames a chunk of the trial; the more where they are quick, for chance to matter less.
_FEW, _MORE = 3, 30

#: All workers' second chunks should take no longer than this, seconds.
_PATIENCE_SECONDS = 15.0

#: Videos have a key frame every so many frames: scene/render.py and audio.py set it.
_KEY_EVERY = 30


def measure(
    prepared: rendering.Prepared,
    show: Callable[[Snapshot], None] = lambda snapshot: None,
    say: Callable[[str], None] = lambda line: None,
) -> Measured | None:
    """Render some first frames of what is to be rendered, by as many workers at a time as the run will have.

    Each worker renders two chunks, of different scenes where there are enough: the second is measured. None where there
    is nothing to render; FarmError where it cannot be.
    """
    if not prepared.to_do.frames_missing:
        return None
    if prepared.options.place != Place():  # a cluster does not see this machine's temporary folder
        prepared = replace(prepared, options=replace(prepared.options, place=Place(), workers=None))
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        template = prepared.template
        if template.builtin and not template.path.is_file():
            prepared = replace(prepared, template=replace(template, path=Path(folder) / template.path.name))
        measured = _once(prepared, Path(folder, "few"), _FEW, show, say)
        if measured.frame_seconds * _MORE <= _PATIENCE_SECONDS:
            measured = _once(prepared, Path(folder, "more"), _MORE, show, say)
        return measured


def _once(
    prepared: rendering.Prepared,
    folder: Path,
    length: int,
    show: Callable[[Snapshot], None],
    say: Callable[[str], None],
) -> Measured:
    options = prepared.options
    tasks = [task for task in prepared.to_do.tasks if task.missing]
    chunks = 2 * prepared.workers
    names = [task.subject.id for task in tasks[:chunks]]
    frames = 1, length * -(-chunks // len(names))
    outputs = plan.Outputs(folder)
    planned = plan.make(
        names,
        prepared.dataset,
        outputs,
        template_fingerprint=prepared.template.fingerprint,
        actors=prepared.template.actors,
        look=options.look,
        medium=tasks[0].medium,
        frames=frames,
        chunk=length,
    )
    chosen = replace(options, out=outputs.root, frames=frames, chunk=length, overwrite=False)
    tried = replace(prepared, to_do=planned, outputs=outputs, options=chosen)
    results = rendering.execute(tried, show, say)
    shared = plan.made_from(prepared.template.fingerprint, options.look)
    found = timings.earlier(outputs, prepared.kind.name, shared, as_pictures=options.pictures)
    if found is None:
        problem = next((result.problem for result in results if result.problem), "no frame was rendered")
        raise FarmError(f"nothing could be measured: {problem}")
    return _with_video_sizes(found, outputs, planned.tasks, results, as_pictures=options.pictures)


def _with_video_sizes(
    found: Measured,
    outputs: plan.Outputs,
    tasks: Sequence[Task],
    results: Sequence[SceneResult],
    *,
    as_pictures: bool,
) -> Measured:
    """The sizes of long videos, in which key frames are as rare as they are in those to be made."""
    good = {result.scene for result in results if not result.problem}
    silent = found.silent_bytes
    if not as_pictures:
        silent = _frame_bytes([task.picture for task in tasks if task.name in good])
    heard = _frame_bytes([task.video for task in tasks if task.name in good])
    if heard is not None:
        heard += BIT_RATE / 8 / layout.FPS
    source = f"just now, {found.workers} at a time" if found.workers > 1 else "just now"
    return replace(found, silent_bytes=silent, heard_bytes=heard, source=source)


def _frame_bytes(videos: Sequence[Path]) -> float | None:
    """Bytes a frame of a long video like these, without sound; None where there are none."""
    import av

    keys: list[int] = []
    others: list[int] = []
    for path in videos:
        if path.is_file():
            with av.open(str(path)) as container:
                for packet in container.demux(container.streams.video[0]):
                    if packet.size:
                        (keys if packet.is_keyframe else others).append(packet.size)
    if not keys:
        return None
    return (statistics.fmean(keys) + (_KEY_EVERY - 1) * statistics.fmean(others or keys)) / _KEY_EVERY
