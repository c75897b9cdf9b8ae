"""Checks files against each other: lengths, sample rates, and whose bones a motion has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from .. import layout
from ..naming import PerformanceId, SceneId
from . import findings
from .facts import Bones, Facts
from .findings import Finding
from .inventory import ARKIT, ICT, RAW, RETARGETED, VOICE, File, Inventory

#: Seconds by which what belongs together may differ; real files differ by a few frames.
LENGTH_SLACK = 0.5

#: Bones are somebody else's, or another skeleton's, where offsets differ by more than this part of their lengths' sum.
_BONES_SLACK = 0.005

#: The rate that counts where as many voices have one as another.
_USUAL_RATE = 48000

_WORDS = {RETARGETED: "body", RAW: "raw body", ARKIT: "ARKit face", ICT: "ICT face", VOICE: "voice"}


def compare(taken: Inventory, facts: Mapping[File, Facts]) -> Iterable[Finding]:
    """All that can be seen only by comparing files of the scenes or of a subset. facts: of files that could be read."""
    yield from _lengths(taken, facts)
    yield from _rates(taken, facts)
    for kind in (RETARGETED, RAW):
        if kind in taken.files:
            yield from _bones([file for file in taken.files[kind].values() if file in facts], facts)


def _lengths(taken: Inventory, facts: Mapping[File, Facts]) -> Iterable[Finding]:
    bodies: dict[SceneId, dict[PerformanceId, tuple[File, float]]] = defaultdict(dict)
    for performance in sorted(taken.performances):
        files = [taken.files[kind][performance] for kind in taken.files if performance in taken.files[kind]]
        known = {file: facts[file].seconds for file in files if file in facts and facts[file].seconds}
        known = {file: _likely(seconds, facts[file], known.values()) for file, seconds in known.items()}
        if not known:
            continue
        middle = float(np.median(list(known.values())))
        if max(known.values()) - min(known.values()) > LENGTH_SLACK:
            odd = max(known, key=lambda file: abs(known[file] - middle))
            told = ", ".join(f"{_WORDS[file.kind]} {seconds:.2f} s" for file, seconds in known.items())
            yield Finding(findings.LENGTHS, odd.name, f"does not last as long as what belongs to it: {told}")
        body = next((file for file in known if file.kind in (RETARGETED, RAW)), None)
        # A body that differs from its own face is told above, and not once more as differing from the other's.
        if body and abs(known[body] - middle) <= LENGTH_SLACK:
            bodies[performance.scene][performance] = body, known[body]
    for own in bodies.values():
        if len(own) == 2:
            (first, a), (second, b) = own.values()
            if abs(a - b) > LENGTH_SLACK:
                text = f"lasts {a:.2f} s, and {second.name}, the other body of this scene, {b:.2f} s"
                yield Finding(findings.SCENE_LENGTHS, first.name, text)


def _likely(seconds: float, facts: Facts, others: Iterable[float]) -> float:
    """A motion's length; by the data set's rate where its frame time, told of elsewhere, is the mistake."""
    if facts.bones is None or not facts.rate or abs(facts.rate / layout.FPS - 1) < 2e-3:
        return seconds
    middle = float(np.median(list(others)))
    return min(seconds, facts.frames / layout.FPS, key=lambda length: abs(length - middle))


def _rates(taken: Inventory, facts: Mapping[File, Facts]) -> Iterable[Finding]:
    rates = {file: facts[file].rate for file in taken.files[VOICE].values() if file in facts and facts[file].rate}
    counted = Counter(rates.values())
    usual = max(counted, key=lambda rate: (counted[rate], rate == _USUAL_RATE), default=0)
    for file, rate in rates.items():
        if rate != usual:
            yield Finding(
                findings.WAV_RATE, file.name, f"has {rate:.0f} samples a second, most voices have {usual:.0f}"
            )


def _bones(files: list[File], facts: Mapping[File, Facts]) -> Iterable[Finding]:
    """Groups each actor's files by their skeletons: the largest group is the actor's own skeleton."""
    groups: dict[str, list[tuple[Bones, list[File]]]] = defaultdict(list)
    for file in files:
        bones = facts[file].bones
        if bones is None:
            continue
        own = groups[file.performance.actor]
        group = next((members for known, members in own if _alike(known, bones)), None)
        if group is None:
            own.append((bones, [file]))
        else:
            group.append(file)
    certain = {actor: _largest(own) for actor, own in groups.items() if _is_clear(own)}
    for actor, own in groups.items():
        others = [bones for other, bones in certain.items() if other != actor]
        # Of groups of one size the actor's is the one that is nobody else's for certain.
        own.sort(key=lambda group: (-len(group[1]), any(_alike(group[0], bones) for bones in others)))
    for actor, own in groups.items():
        for bones, members in own[1:]:
            whose = next((other for other, (first, *_) in groups.items() if _alike(first[0], bones)), None)
            if whose:
                text = f"has the bones of actor {whose}, not those of {actor}"
                yield from (Finding(findings.SWAPPED, file.name, text) for file in members)
            else:
                yield from _of_other_bones(actor, members, files, len(own[0][1]))


def _of_other_bones(actor: str, members: list[File], files: list[File], usual: int) -> Iterable[Finding]:
    """One finding a file, but one for a whole day: then the actor was measured anew."""
    text = f"has other bones than {usual} of the motions of actor {actor}"
    by_date: dict[str, list[File]] = defaultdict(list)
    for file in members:
        by_date[file.performance.date].append(file)
    for date, own in by_date.items():
        of_date = sum(file.performance.date == date and file.performance.actor == actor for file in files)
        if len(own) == of_date > 1:
            first = min(own, key=lambda file: file.name)
            yield Finding(findings.OTHER_BONES, first.name, f"{text}; so have all {of_date} of {date}")
        else:
            yield from (Finding(findings.OTHER_BONES, file.name, text) for file in own)


def _largest(own: list[tuple[Bones, list[File]]]) -> Bones:
    return max(own, key=lambda group: len(group[1]))[0]


def _is_clear(own: list[tuple[Bones, list[File]]]) -> bool:
    sizes = sorted((len(members) for _, members in own), reverse=True)
    return len(sizes) == 1 or sizes[0] > sizes[1]


def _alike(one: Bones, other: Bones) -> bool:
    if one is other:
        return True
    if one.tree != other.tree:
        return False
    scale = np.abs(one.offsets).sum() + np.abs(other.offsets).sum()
    return bool(2 * np.abs(one.offsets - other.offsets).sum() <= _BONES_SLACK * scale)
