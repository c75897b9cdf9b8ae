"""A voice that sounds like speech in an unknown language: source and filter, sample by sample.

The voice is a sum of harmonics whose heights fall as 1/k (a glottal pulse's -12 dB per octave and the lips' +6)
times the gains of five resonances; consonants are bands of noise. See Klatt, "Software for a cascade/parallel
formant synthesizer", 1980.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from .articulation import BANDS, Tracks, articulate
from .conversation import Phrase
from .curves import smooth, wander
from .files import write_whole
from .skeletons import Actor

SAMPLE_RATE = 48_000
_VOICE_RATE = 16_000  # speech has little above 8 kHz, and a third of the samples is a third of the work
_CONTROL_RATE = 250
_PEAK = 0.6  # -4.4 dBFS
_ROOM = 10.0 ** (-70.0 / 20.0)
_UPPER_FORMANTS = (3400.0, 4400.0)
_BANDWIDTHS = (80.0, 100.0, 150.0, 220.0, 280.0)


def base_pitch(actor: Actor) -> float:
    """The actor's own pitch in Hz: men 104 to 128, women 194 to 218, by the number of the actor."""
    return (192.0 if actor.gender == "female" else 102.0) + 6.0 * (int(actor.id) * 3 % 5)


def speak(
    rng: np.random.Generator, actor: Actor, phrases: list[Phrase], samples: int, pitch: float = 1.0
) -> np.ndarray:
    """The actor's voice: (samples,) floats in -1 to 1 at SAMPLE_RATE; `pitch` is a factor on his own."""
    seconds = samples / SAMPLE_RATE
    times = np.arange(int(np.ceil(seconds * _CONTROL_RATE)) + 2) / _CONTROL_RATE
    tracks = articulate(phrases, times)
    frequency = _intonation(rng, phrases, tracks, times) * base_pitch(actor) * pitch
    stretch = 1.16 if actor.gender == "female" else 1.0
    count = -(-samples // 3)
    at = np.arange(count) / _VOICE_RATE
    voice = _noises(rng, tracks, times, at)
    for phrase in phrases:
        begin = max(0, int((phrase.start - 0.15) * _VOICE_RATE))
        end = min(count, int((phrase.end + 0.15) * _VOICE_RATE))
        if end > begin:
            voice[begin:end] += _voiced(tracks, times, frequency, stretch, at[begin:end])
    loud = np.abs(voice).max()
    result = _upsampled(voice / loud * _PEAK, samples) if loud > 0 else np.zeros(samples)
    return np.clip(result, -0.68, 0.68) + _ROOM * rng.standard_normal(samples)


def write_wav(path: Path, sound: np.ndarray) -> None:
    """Write (samples,) floats in -1 to 1 as mono 16-bit PCM at SAMPLE_RATE, whole or not at all."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(sound * 32767.0).astype("<i2").tobytes())
    write_whole(path, content.getvalue())


def _intonation(rng: np.random.Generator, phrases: list[Phrase], tracks: Tracks, times: np.ndarray) -> np.ndarray:
    """Pitch as a factor (N,): falls through a phrase, rises on stress; some phrases end high, as questions do."""
    factor = np.ones(len(times))
    for phrase in phrases:
        inside = (times > phrase.start - 0.2) & (times < phrase.end + 0.2)
        part = np.clip((times[inside] - phrase.start) / (phrase.end - phrase.start), 0.0, 1.0)
        ending = 0.28 if rng.random() < 0.25 else -0.06
        factor[inside] = 1.1 - 0.2 * part + ending * np.clip((part - 0.75) * 4.0, 0.0, 1.0)
    jitter = 0.008 * wander(rng, times, 3.0, 20.0)
    return smooth(factor + 0.16 * tracks.stress, 0.03 * _CONTROL_RATE) * (1.0 + jitter)


def _voiced(tracks: Tracks, times: np.ndarray, frequency: np.ndarray, stretch: float, at: np.ndarray) -> np.ndarray:
    """Harmonics of the voice at the instants `at` (S,); of unit deviation where the loudness is 1."""
    near = slice(*np.searchsorted(times, (at[0] - 0.01, at[-1] + 0.01)))
    knots = times[near]
    pitch = np.interp(at, knots, frequency[near])
    phase = 2.0 * np.pi * np.cumsum(pitch) / _VOICE_RATE
    loudness = np.interp(at, knots, tracks.voice[near])
    harmonics = range(1, int(6500.0 / frequency[near].max()) + 1)
    gains = np.stack([_resonance(k * frequency[near], tracks.formants[:, near], stretch) / k for k in harmonics])
    gains /= np.sqrt(0.5 * np.sum(gains**2, axis=0))  # every vowel equally loud: loudness has its own track
    sound = np.zeros(len(at))
    for k, gain in zip(harmonics, gains, strict=True):
        sound += np.interp(at, knots, gain) * np.sin(k * phase)
    return sound * loudness


def _resonance(frequency: np.ndarray, formants: np.ndarray, stretch: float) -> np.ndarray:
    """Gain of the vocal tract (N,): the product of its resonances, each 1 far below its own frequency."""
    gain = np.ones(len(frequency))
    upper = np.repeat(np.array(_UPPER_FORMANTS)[:, None], len(frequency), axis=1)
    for centre, width in zip(np.concatenate((formants, upper)) * stretch, _BANDWIDTHS, strict=True):
        gain *= centre**2 / np.sqrt((frequency**2 - centre**2) ** 2 + (width * frequency) ** 2)
    return gain


def _noises(rng: np.random.Generator, tracks: Tracks, times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Friction and bursts of the consonants (S,): noise through one bell in the spectrum a band."""
    length = 1 << 15  # two seconds of each noise, repeated: nobody hears where
    frequencies = np.fft.rfftfreq(length, 1.0 / _VOICE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    total = np.zeros(len(at))
    for band, (centre, width) in BANDS.items():
        colour = np.fft.irfft(spectrum * np.exp(-0.5 * ((frequencies - centre) / (0.5 * width)) ** 2), length)
        colour *= 0.5 / colour.std()
        total += np.resize(colour, len(at)) * np.interp(at, times, tracks.noise[band])
    return total


def _upsampled(voice: np.ndarray, samples: int) -> np.ndarray:
    """The voice (S,) at three times its rate, through the spectrum: (samples,)."""
    length = len(voice)
    padded = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(voice, padded)
    wide = np.zeros(3 * padded // 2 + 1, dtype=complex)
    wide[: len(spectrum)] = spectrum
    return 3.0 * np.fft.irfft(wide, 3 * padded)[:samples]
