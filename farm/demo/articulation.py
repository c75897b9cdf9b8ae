"""How syllables sound and look: one table and one set of tracks for the voice and the mouth.

Formant frequencies are those of an average man (Peterson and Barney, "Control methods used in a study of the
vowels", 1952), rounded; a woman's lie about a sixth higher.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .conversation import Phrase
from .curves import smooth


@dataclass(frozen=True)
class Vowel:
    """formants: F1 to F3 in Hz; loudness: 0 to 1; jaw: how far the jaw drops, 0 to 1."""

    formants: tuple[float, float, float]
    loudness: float
    jaw: float


@dataclass(frozen=True)
class Consonant:
    """locus: where the formants point to at the onset in Hz; voice: loudness of the voice during it, 0 to 1;
    noise: loudness of its friction or burst and its band in Hz; lips: how firmly the lips close, 0 to 1;
    length: share of the syllable."""

    locus: tuple[float, float, float]
    voice: float
    noise: float
    band: str
    lips: float
    length: float


#: Bands of the consonants' noise: centre and width in Hz.
BANDS = {"low": (1100.0, 900.0), "middle": (2900.0, 1300.0), "high": (5600.0, 1800.0)}

VOWELS = {
    "a": Vowel((730.0, 1150.0, 2440.0), 1.0, 0.62),
    "e": Vowel((530.0, 1840.0, 2480.0), 0.85, 0.42),
    "i": Vowel((280.0, 2250.0, 2890.0), 0.6, 0.22),
    "o": Vowel((540.0, 880.0, 2410.0), 0.85, 0.44),
    "u": Vowel((310.0, 880.0, 2240.0), 0.6, 0.24),
    "ə": Vowel((500.0, 1400.0, 2400.0), 0.6, 0.28),
    "m": Vowel((260.0, 1000.0, 2200.0), 0.35, 0.03),
}

CONSONANTS = {
    "p": Consonant((300.0, 800.0, 2200.0), 0.0, 0.35, "low", 1.0, 0.36),
    "m": Consonant((260.0, 1000.0, 2200.0), 0.28, 0.0, "low", 1.0, 0.34),
    "t": Consonant((300.0, 1750.0, 2700.0), 0.0, 0.45, "middle", 0.0, 0.34),
    "s": Consonant((300.0, 1700.0, 2600.0), 0.0, 0.5, "high", 0.0, 0.42),
    "f": Consonant((300.0, 1100.0, 2300.0), 0.04, 0.22, "high", 0.55, 0.38),
    "sh": Consonant((300.0, 1850.0, 2500.0), 0.0, 0.55, "middle", 0.0, 0.42),
    "k": Consonant((300.0, 1900.0, 2300.0), 0.0, 0.4, "low", 0.0, 0.34),
    "l": Consonant((360.0, 1300.0, 2700.0), 0.45, 0.0, "low", 0.0, 0.28),
    "w": Consonant((290.0, 700.0, 2200.0), 0.4, 0.0, "low", 0.3, 0.32),
    "": Consonant((500.0, 1400.0, 2400.0), 0.5, 0.0, "low", 0.0, 0.16),
}

_BURSTS = ("p", "t", "k")


@dataclass(frozen=True)
class Tracks:
    """One person's articulation at N times.

    voice: loudness of the voice (N,); formants: (3, N) Hz; noise: loudness (N,) by band; jaw: drop of the jaw (N,);
    lips: closure (N,); shapes: how much the mouth is in each vowel (N,), by vowel; stress: (N,). All but the
    formants 0 to 1.
    """

    voice: np.ndarray
    formants: np.ndarray
    noise: dict[str, np.ndarray]
    jaw: np.ndarray
    lips: np.ndarray
    shapes: dict[str, np.ndarray]
    stress: np.ndarray


def articulate(phrases: list[Phrase], times: np.ndarray) -> Tracks:
    """Run the syllables of the phrases past evenly spaced times (N,) in seconds, as dense as 30 a second or more."""
    rate = 1.0 / (times[1] - times[0])
    noise = {band: _Nodes() for band in BANDS}
    shapes = {vowel: _Nodes() for vowel in VOWELS}
    voice, jaw, lips, stress = _Nodes(), _Nodes(), _Nodes(), _Nodes()
    formants: tuple[_Nodes, ...] = (_Nodes(), _Nodes(), _Nodes())
    for phrase in phrases:
        for track in (voice, jaw, lips, stress, *noise.values(), *shapes.values()):
            track.add(phrase.start - 0.06, 0.0)
        for syllable in phrase.syllables:
            vowel, onset = VOWELS[syllable.vowel], CONSONANTS[syllable.onset]
            length = syllable.end - syllable.start
            opening = syllable.start + onset.length * length
            weight = 0.6 + 0.4 * syllable.stress
            voice.hold(syllable.start, opening - 0.02, onset.voice * weight)
            voice.hold(opening + 0.025, syllable.end - 0.03, vowel.loudness * weight)
            burst = opening - 0.03 if syllable.onset in _BURSTS else syllable.start + 0.02
            for band, track in noise.items():
                if band == onset.band and onset.noise:
                    track.add(burst - 0.015, 0.0)
                    track.hold(burst, opening - 0.008, onset.noise * weight)
                    track.add(opening + 0.02, 0.0)
            for n, track in enumerate(formants):
                track.add(syllable.start + 0.3 * (opening - syllable.start), onset.locus[n])
                track.hold(opening + 0.25 * (syllable.end - opening), syllable.end - 0.15 * length, vowel.formants[n])
            # The mouth is under way before the sound: closures are reached at the start, vowels at their onset.
            jaw.add(syllable.start + 0.01, 0.25 * vowel.jaw * (1.0 - onset.lips))
            jaw.hold(opening + 0.03, syllable.end - 0.07, vowel.jaw * weight)
            lips.hold(syllable.start - 0.01, opening - 0.025, onset.lips)
            lips.hold(opening + 0.03, syllable.end - 0.06, 0.0)
            for name, track in shapes.items():
                track.hold(opening, syllable.end - 0.05, float(name == syllable.vowel) * weight)
            stress.add(syllable.beat, syllable.stress)
        for track in (voice, jaw, lips, stress, *noise.values(), *shapes.values()):
            track.add(phrase.end + 0.05, 0.0)
    quick, slow = max(0.007 * rate, 0.4), max(0.028 * rate, 0.7)
    rest = VOWELS["ə"].formants
    return Tracks(
        voice=smooth(voice.at(times), quick),
        formants=smooth(np.stack([f.at(times, rest[n]) for n, f in enumerate(formants)]), max(0.016 * rate, 0.5)),
        noise={band: smooth(track.at(times), max(0.004 * rate, 0.4)) for band, track in noise.items()},
        jaw=smooth(jaw.at(times), slow),
        lips=smooth(lips.at(times), slow * 0.7),
        shapes={vowel: smooth(track.at(times), slow) for vowel, track in shapes.items()},
        stress=smooth(stress.at(times), slow),
    )


class _Nodes:
    """Points that a track passes through; they only ever move forward in time."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._values: list[float] = []

    def add(self, time: float, value: float) -> None:
        if self._times:
            time = max(time, self._times[-1] + 1e-4)
        self._times.append(time)
        self._values.append(value)

    def hold(self, start: float, end: float, value: float) -> None:
        self.add(start, value)
        self.add(max(end, start + 0.005), value)

    def at(self, times: np.ndarray, rest: float = 0.0) -> np.ndarray:
        if not self._times:
            return np.full(len(times), rest)
        return np.interp(times, self._times, self._values)
