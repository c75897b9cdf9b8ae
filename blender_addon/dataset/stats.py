"""How much of what a data set has: scenes, frames and hours by actor, emotion, relationship and session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import layout
from .queries import Scene


@dataclass(frozen=True)
class Amount:
    """Scenes, their frames at 30 frames a second, and of how many of them no length is known."""

    scenes: int = 0
    frames: int = 0
    without_length: int = 0

    @property
    def hours(self) -> float:
        return self.frames / layout.FPS / 3600

    def plus(self, frames: int) -> Amount:
        """With a scene more; its frames are 0 where its length is not known."""
        return Amount(self.scenes + 1, self.frames + frames, self.without_length + (not frames))


@dataclass(frozen=True)
class Stats:
    """What a data set has. A scene counts once for each of its actors in by_actor, and once in all others.

    missing: how many performances lack a file of a kind; lengths: frames of each scene, in their order.
    """

    total: Amount
    by_actor: dict[str, Amount]
    by_emotion: dict[str, Amount]
    by_relationship: dict[str, Amount]
    by_session: dict[str, Amount]
    missing: dict[str, int]
    lengths: tuple[int, ...]


def of(scenes: Iterable[Scene]) -> Stats:
    """The numbers of some scenes; reads the head of each motion."""
    total = Amount()
    actors: dict[str, Amount] = {}
    emotions: dict[str, Amount] = {}
    relationships: dict[str, Amount] = {}
    sessions: dict[str, Amount] = {}
    missing: dict[str, int] = {}
    lengths = []
    for scene in scenes:
        frames = scene.frames
        lengths.append(frames)
        total = total.plus(frames)
        for actor in scene.actors:
            _add(actors, actor, frames)
        _add(emotions, scene.emotion, frames)
        _add(relationships, scene.relationship, frames)
        _add(sessions, scene.date, frames)
        for kind, _ in scene.missing:
            missing[kind] = missing.get(kind, 0) + 1
    ordered = (dict(sorted(group.items())) for group in (actors, emotions, relationships, sessions))
    by_actor, by_emotion, by_relationship, by_session = ordered
    return Stats(total, by_actor, by_emotion, by_relationship, by_session, missing, tuple(lengths))


def _add(group: dict[str, Amount], name: str, frames: int) -> None:
    group[name or "unknown"] = group.get(name or "unknown", Amount()).plus(frames)
