"""The plan of a conversation: who speaks when, in which phrases and syllables, and when the listener responds.

Motion, voice and face of both people are made from the same plan, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

VOWELS = ("a", "e", "i", "o", "u", "ə")
ONSETS = ("p", "m", "t", "s", "f", "sh", "k", "l", "w", "")


@dataclass(frozen=True)
class Syllable:
    """An onset consonant ("" for none) and a vowel; start and end in seconds, stress 0 to 1."""

    start: float
    end: float
    onset: str
    vowel: str
    stress: float

    @property
    def beat(self) -> float:
        """When the vowel sets in: the moment that gestures and nods meet."""
        return self.start + 0.35 * (self.end - self.start)


@dataclass(frozen=True)
class Phrase:
    """Syllables spoken in one breath."""

    syllables: tuple[Syllable, ...]

    @property
    def start(self) -> float:
        return self.syllables[0].start

    @property
    def end(self) -> float:
        return self.syllables[-1].end


@dataclass(frozen=True)
class Part:
    """What one of the two does in the conversation.

    turns: the phrases of each time that he holds the floor; responses: short "mm-hm"s while the other speaks;
    nods: when he, listening, begins to nod.
    """

    turns: list[tuple[Phrase, ...]] = field(default_factory=list)
    responses: list[Phrase] = field(default_factory=list)
    nods: list[float] = field(default_factory=list)

    @property
    def phrases(self) -> list[Phrase]:
        """All phrases spoken, responses too, in order of time."""
        return sorted([p for turn in self.turns for p in turn] + self.responses, key=lambda phrase: phrase.start)


def converse(rng: np.random.Generator, seconds: float, energy: float) -> tuple[Part, Part]:
    """Plan the parts of two people for that many seconds; more energy, faster speech and shorter pauses."""
    parts = (Part(), Part())
    speaker = int(rng.integers(2))
    time = min(float(rng.uniform(0.3, 0.6)), 0.15 * seconds)
    while True:
        room = seconds - 0.25 - time
        if room < 0.7:
            return parts
        # In a short scene both should have their say.
        length = min(float(rng.uniform(2.5, 7.5)), max(1.1, 0.42 * seconds), room)
        if room - length < 1.0:
            length = room
        turn = _turn(rng, time, length, energy)
        parts[speaker].turns.append(turn)
        _respond(rng, parts[1 - speaker], turn)
        # Turns follow each other within a fifth of a second, now and then they overlap (Stivers et al., 2009).
        time = turn[-1].end + float(rng.uniform(-0.12, 0.4)) / energy
        speaker = 1 - speaker


def _turn(rng: np.random.Generator, start: float, length: float, energy: float) -> tuple[Phrase, ...]:
    phrases = []
    time, end = start, start + length
    while end - time >= 0.45:
        phrase = _phrase(rng, time, min(float(rng.uniform(0.9, 2.3)), end - time), energy)
        phrases.append(phrase)
        time = phrase.end + float(rng.uniform(0.22, 0.5)) / energy
    return tuple(phrases)


def _phrase(rng: np.random.Generator, start: float, length: float, energy: float) -> Phrase:
    """A phrase that fills `length` seconds."""
    count = max(2, round(length * float(rng.uniform(4.3, 5.3)) * energy**0.4))
    shares = rng.uniform(0.75, 1.25, count)
    shares[-1] *= 1.5  # the last syllable of a phrase is drawn out
    edges = start + length * np.concatenate(([0.0], np.cumsum(shares) / shares.sum()))
    stressed = int(rng.integers(2))
    syllables = []
    for n in range(count):
        if n == stressed:
            stress = float(rng.uniform(0.7, 1.0))
            stressed += int(rng.integers(2, 4))
        else:
            stress = float(rng.uniform(0.15, 0.4))
        vowel = VOWELS[int(rng.integers(5))] if stress > 0.5 else VOWELS[int(rng.choice((1, 2, 4, 5, 5)))]
        onset = ONSETS[int(rng.integers(len(ONSETS)))]
        syllables.append(Syllable(float(edges[n]), float(edges[n + 1]), onset, vowel, stress))
    return Phrase(tuple(syllables))


def _respond(rng: np.random.Generator, listener: Part, turn: tuple[Phrase, ...]) -> None:
    """Nods, and now and then a sound, where the speaker's phrases end."""
    for n, phrase in enumerate(turn):
        last = n == len(turn) - 1
        if phrase.end - phrase.start > 0.7 and rng.random() < (0.4 if last else 0.85):
            listener.nods.append(phrase.end - float(rng.uniform(0.15, 0.4)))
        if not last and rng.random() < 0.35:
            start = phrase.end + float(rng.uniform(-0.1, 0.1))
            middle, end = start + 0.17, start + 0.42
            listener.responses.append(
                Phrase((Syllable(start, middle, "m", "m", 0.4), Syllable(middle, end, "m", "m", 0.6)))
            )
