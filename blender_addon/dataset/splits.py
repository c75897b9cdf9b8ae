"""Splits for training that do not leak: what belongs together stays together, and each has its share of every emotion.

A split is chosen to lower one number: over parts p and emotions e, the sum of (frames of e in p - share of p times all
frames of e)^2 / all frames of e, in which all emotions together count as one more. It is 0 where sizes and emotions are
just as asked for; what is left out counts double, as a part that should have nothing. With few groups every way to give
them out is tried; with more they are given out one by one, each to where it lowers that number most, and then moved and
exchanged as long as that helps (after Sechidis and others, "On the stratification of multi-label data", 2011). The seed
decides the order, by a hash that is the same on every machine.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import DatasetError
from .queries import Scene

#: What can be kept together: the two of a scene, all of two actors, all of an actor, all of a scenario.
GROUPS = ("scene", "pair", "actor", "scenario")

#: Up to so many ways to give groups out are all tried.
_TRIED = 6_000
#: Up to so many groups are exchanged in twos; of more, moving one by one is fine enough.
_EXCHANGED = 40
#: What a part without a scene costs: more than anything that has one in each.
_EMPTY = 1e18


@dataclass(frozen=True)
class Item:
    """What is shared out: a scene, and how many frames it counts."""

    scene: Scene
    frames: int


@dataclass(frozen=True)
class Split:
    """The parts by their names, as they were asked for, each in the given order of scenes; and what is left out.

    left_out: scenes whose two actors are in different parts, where actors are kept apart.
    """

    parts: dict[str, list[Item]]
    left_out: list[Item]


def make(items: Sequence[Item], shares: Mapping[str, float], by: str, seed: int = 0) -> Split:
    """Share scenes out to parts, kept together by one of GROUPS; the same seed gives the same parts.

    shares: the size of each part by its name; they add up to 1. By `actor` nobody is in two parts, and scenes of two
    whose parts differ are left out: as few as the sizes allow. DatasetError where a part would have no scene.
    """
    if by not in GROUPS:
        raise ValueError(f"{by!r} is none of {', '.join(GROUPS)}")
    if not shares or min(shares.values()) <= 0 or not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6):
        raise ValueError(f"the shares of a split are above 0 and add up to 1, not {dict(shares)}")
    named = [_groups_of(item.scene, by) for item in items]
    order = sorted({name for names in named for name in names}, key=lambda name: _hash(seed, name))
    number = {name: n for n, name in enumerate(order)}
    members = np.array([[number[names[0]], number[names[-1]]] for names in named], dtype=int).reshape(-1, 2)
    goal = _Goal(items, list(shares.values()), members)
    given = goal.choose(len(order))
    found = goal.parts(given)
    names = list(shares)
    if set(found[found >= 0]) != set(range(len(names))):
        raise DatasetError(
            f"{len(names)} parts that share no {by} cannot be made of {len(items)} scenes of {len(order)} {by}s: "
            "one would be empty; ask for fewer parts, for more scenes or another --by"
        )
    parts = {name: [item for item, at in zip(items, found, strict=True) if at == n] for n, name in enumerate(names)}
    return Split(parts, [item for item, at in zip(items, found, strict=True) if at < 0])


def _groups_of(scene: Scene, by: str) -> tuple[str, ...]:
    """The groups that a scene belongs to: one, or two actors."""
    if by == "actor":
        return scene.actors
    return ({"scene": str(scene), "pair": "+".join(sorted(scene.actors)), "scenario": scene.scenario}[by],)


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _with_sum(frames: np.ndarray) -> np.ndarray:
    """Frames of each emotion (..., E), and their sum as one more: (..., E + 1)."""
    return np.concatenate((frames, frames.sum(axis=-1, keepdims=True)), axis=-1)


class _Goal:
    """How far from what was asked for it is to give G groups to P parts: an array (G,) of parts, -1 for none yet."""

    def __init__(self, items: Sequence[Item], shares: Sequence[float], members: np.ndarray) -> None:
        """members: (N, 2) the groups that each item belongs to, twice the same where it is one."""
        emotions = sorted({item.scene.emotion for item in items})
        self._emotion = np.array([emotions.index(item.scene.emotion) for item in items], dtype=int)
        # One frame at least: scenes of which no length is known are shared out as well.
        self._frames = np.array([max(item.frames, 1) for item in items], dtype=float)
        self._members = members
        self._shape = len(shares), len(emotions)
        self._total = _with_sum(np.bincount(self._emotion, self._frames, len(emotions)))
        self._wanted = np.outer(shares, self._total)

    def parts(self, given: np.ndarray) -> np.ndarray:
        """The part of each item, (N,): -1 where its groups have none or are in two."""
        first, second = given[self._members[:, 0]], given[self._members[:, 1]]
        return np.where(first == second, first, -1)

    def cost(self, given: np.ndarray) -> float:
        """The number to lower. It is summed exactly, so that every machine finds the same."""
        parts = self.parts(given)
        there = parts >= 0
        places = parts[there] * self._shape[1] + self._emotion[there]
        loads = _with_sum(np.bincount(places, self._frames[there], math.prod(self._shape)).reshape(self._shape))
        empty = self._shape[0] - np.count_nonzero(loads[:, -1])
        lost = self._total - loads.sum(axis=0)
        off = np.vstack(((loads - self._wanted) ** 2, 2 * lost**2)) / self._total
        return math.fsum(np.ravel(off)) + _EMPTY * empty

    def choose(self, groups: int) -> np.ndarray:
        """The parts of all groups."""
        count = self._shape[0]
        if count**groups <= _TRIED:
            ways = (np.array(way, dtype=int) for way in itertools.product(range(count), repeat=groups))
            return min(ways, key=self.cost)
        given = np.full(groups, -1)
        for group in range(groups):
            self._move(given, group)
        best = self.cost(given)
        while True:
            for group in range(groups):
                self._move(given, group)
            if groups <= _EXCHANGED:
                for pair in itertools.combinations(range(groups), 2):
                    self._exchange(given, *pair)
            reached = self.cost(given)
            if reached >= best:
                return given
            best = reached

    def _move(self, given: np.ndarray, group: int) -> None:
        """Gives a group to the part where it costs least; it stays where another is no better."""
        before = given[group]
        costs = {}
        for part in dict.fromkeys((int(before), *range(self._shape[0]))):
            if part >= 0:
                given[group] = part
                costs[part] = self.cost(given)
        given[group] = min(costs, key=costs.__getitem__)

    def _exchange(self, given: np.ndarray, one: int, other: int) -> None:
        """Lets two groups change places, if that costs less."""
        if given[one] != given[other]:
            before = self.cost(given)
            given[[one, other]] = given[[other, one]]
            if self.cost(given) >= before:
                given[[one, other]] = given[[other, one]]
