"""`interact-farm jobs make`: job files from a question, and splits for training. Loads no more than that takes."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from blender_addon.dataset import jobs, layout, lengths, queries, splits
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from blender_addon.dataset.queries import Filter, Scene

from ..errors import FarmError
from ..report import columns
from .data_options import PATH, data_option, json_option
from .scene_options import filter_options


class Shares(click.ParamType):
    """`train=0.8,val=0.1,test=0.1`: names of parts and their sizes, which add up to 1."""

    name = "NAME=SHARE,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        if isinstance(value, dict):
            return value
        found: dict[str, float] = {}
        for part in value.split(","):
            name, _, share = (text.strip() for text in part.partition("="))
            if not name.isidentifier() or name in found:
                self.fail(f"{value!r}: parts have names of letters and digits, each its own", param, ctx)
            try:
                found[name] = float(share)
            except ValueError:
                self.fail(f"{value!r}: write a size after each name, such as train=0.8,val=0.1,test=0.1", param, ctx)
        # Written so that a NaN is refused as well.
        if not (min(found.values()) > 0 and abs(sum(found.values()) - 1) < 1e-6):
            self.fail(f"{value!r}: the sizes of the parts are above 0 and add up to 1", param, ctx)
        return found


@dataclass(frozen=True)
class _Listed:
    """What a scene puts into a job: its lines with their frames; missing: how many more it had if all were there."""

    scene: Scene
    lines: tuple[tuple[SceneId | PerformanceId, int], ...]
    missing: int

    @property
    def frames(self) -> int:
        return sum(frames for _, frames in self.lines)


@click.command("make")
@click.argument("out", type=PATH)
@data_option
@filter_options
@click.option("--face", is_flag=True, help="List performances for `face render`; with --actor, those of that actor.")
@click.option("--split", "shares", type=Shares(), help="Share scenes out: train=0.8,val=0.1,test=0.1.")
@click.option("--by", type=click.Choice(splits.GROUPS), help="What is in one part of the split only.  [default: scene]")
@click.option("--seed", type=click.IntRange(0), help="Another seed, another split.  [default: 0]")
@click.option("--max-frames", type=click.IntRange(1), metavar="F", help="Into job files of at most F frames each.")
@json_option
def jobs_make(
    out: Path,
    data: Path,
    wanted: Filter,
    face: bool,
    shares: dict[str, float] | None,
    by: str | None,
    seed: int | None,
    max_frames: int | None,
    as_json: bool,
) -> None:
    """Write OUT, a job file of the scenes that are all of what is asked for.

    With --split there is a file for each part, such as OUT_train.txt, and none has a scene, a pair of actors, an actor
    or a scenario (--by) that another has; all of them have about as much of each emotion. With --by actor, scenes whose
    actors are in two parts are left out. With --max-frames there are files OUT_01.txt, OUT_02.txt and so on.
    """
    if not shares and (by or seed is not None):
        raise click.UsageError("--by and --seed go with --split")
    dataset = Dataset.at(data)
    found = [_listed(dataset, scene, wanted, face) for scene in queries.scenes(dataset, wanted)]
    listed = [entry for entry in found if entry.lines]
    if not found and wanted.emotion:
        _require_emotion(dataset, wanted.emotion)
    if not listed:
        what = "performance with face weights" if face else "scene with both motions"
        raise FarmError(f"nothing to list: no {what} is all of what is asked for; see `interact-farm data scenes`")
    facts: dict[str, Any] = {"left_out": sum(entry.missing for entry in found)}
    parts = {"": listed}
    if shares:
        items = [splits.Item(entry.scene, entry.frames) for entry in listed]
        split = splits.make(items, shares, by or "scene", seed or 0)
        entries = {entry.scene.id: entry for entry in listed}
        parts = {name: [entries[item.scene.id] for item in part] for name, part in split.parts.items()}
        facts |= {"by": by or "scene", "seed": seed or 0, "between_parts": len(split.left_out)}
    facts["parts"] = [_write_part(out, name, part, max_frames) for name, part in parts.items()]
    written = {file["path"] for part in facts["parts"] for file in part["files"]}
    for path in sorted(set(out.parent.glob(f"{glob.escape(out.stem)}_*{_ending(out)}")) - written):
        click.echo(f"note {path} is not of this call", err=True)
    if as_json:
        click.echo(columns.json_text(facts))
    else:
        _print(facts, "performance" if face else "scene")


def _require_emotion(dataset: Dataset, emotion: str) -> None:
    """FarmError where scenarios.db has the emotion, and no scene that is there."""
    there = {scene.emotion for scene in queries.scenes(dataset)} - {""}
    if emotion.lower() not in {name.lower() for name in there}:
        named = ", ".join(sorted(there)) or "none"
        raise FarmError(f"no scene matches: no scene in {dataset.root} has the emotion {emotion}; they have {named}")


def _listed(dataset: Dataset, scene: Scene, wanted: Filter, face: bool) -> _Listed:
    """What a scene puts into the job: nothing of what cannot be rendered."""
    if not face:
        frames = 0 if any(kind == "motion" for kind, _ in scene.missing) else scene.frames
        return _Listed(scene, ((scene.id, frames),), 0) if frames else _Listed(scene, (), 1)
    asked = [performance.id for performance in scene.performances if wanted.actor in ("", performance.actor)]
    lines = tuple((name, frames) for name in asked if (frames := _face_frames(dataset, name)))
    return _Listed(scene, lines, len(asked) - len(lines))


def _face_frames(dataset: Dataset, performance: PerformanceId) -> int:
    """0 where there are no weights that can be read; `data check` tells what is wrong with them."""
    try:
        return lengths.of_face(dataset, performance)
    except DatasetError:
        return 0


def _ending(out: Path) -> str:
    return out.suffix or ".txt"


def _write_part(out: Path, name: str, part: Sequence[_Listed], max_frames: int | None) -> dict[str, Any]:
    """Writes the job files of one part, "" for all; what they hold as plain data."""
    lines = [line for entry in part for line in entry.lines]
    frames = dict(lines)
    shares = jobs.split_frames(lines, max_frames) if max_frames else [list(frames)]
    digits = max(2, len(str(len(shares))))
    files = []
    for number, share in enumerate(shares, 1):
        ending = (f"_{name}" if name else "") + (f"_{number:0{digits}d}" if max_frames else "")
        path = out.with_name(f"{out.stem}{ending}{_ending(out)}")
        total = sum(frames[entry] for entry in share)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            jobs.write(
                path, share, f"{columns.count(len(share), 'line')}, {total} frames, {total / layout.FPS / 60:.1f} min"
            )
        except OSError as error:
            raise FarmError(f"{path}: the job file cannot be written ({error.strerror})") from error
        files.append({"path": path, "lines": len(share), "frames": total})
    emotions: dict[str, int] = {}
    for entry in part:
        emotions[entry.scene.emotion] = emotions.get(entry.scene.emotion, 0) + entry.frames
    return {
        "name": name,
        "files": files,
        "scenes": len(part),
        "lines": len(lines),
        "frames": sum(frames.values()),
        "actors": sorted({actor for entry in part for actor in entry.scene.actors}),
        "emotions": dict(sorted(emotions.items())),
    }


def _print(facts: dict[str, Any], what: str) -> None:
    for part in facts["parts"]:
        for file in part["files"]:
            click.echo(f"{file['path']}: {columns.count(file['lines'], what)}, {file['frames']} frames")
    if "by" in facts:
        click.echo("\n" + "\n".join(_balance(facts["parts"])))
    if facts.get("between_parts"):
        lost = columns.count(facts["between_parts"], "scene")
        click.echo(f"In no file: {lost} whose two actors are in different parts.")
    if facts["left_out"]:
        click.echo(f"In no file: {columns.count(facts['left_out'], what)} of which the files to render are missing.")


def _balance(parts: Sequence[dict[str, Any]]) -> list[str]:
    """How much of each part is of each emotion, beside all parts together: in percent of its frames."""
    whole: dict[str, int] = {}
    for part in parts:
        for emotion, frames in part["emotions"].items():
            whole[emotion] = whole.get(emotion, 0) + frames
    total = sum(whole.values())

    def percent(frames: int, of: int) -> str:
        return f"{100 * frames / of:.1f} %"

    rows = [
        ("share of all", *(percent(part["frames"], total) for part in parts), percent(total, total)),
        ("actors", *(" ".join(part["actors"]) for part in parts), ""),
    ]
    rows += [
        (
            emotion or "unknown",
            *(percent(part["emotions"].get(emotion, 0), part["frames"]) for part in parts),
            percent(frames, total),
        )
        for emotion, frames in sorted(whole.items())
    ]
    return columns.lines(("", *(part["name"] for part in parts), "all"), rows)
