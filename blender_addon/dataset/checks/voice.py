"""Checks one wav file: by its head, or every sample of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import wav
from ..errors import DatasetError
from . import findings
from .facts import Facts, said

#: No sample of a silent file is louder than this part of full scale, -60 dB.
SILENCE = 1e-3

#: Samples at the largest value in a row, and such rows a file, that no sound below full scale has.
_FLAT_SAMPLES, _FLAT_PLACES = 4, 5

#: So near full scale, as a part of it, sound is clipped: some recorders stop a little below.
_LOUD = 0.98


def examine(path: Path, *, deep: bool) -> Facts:
    """Quick: form, sample rate, length. Deep: every sample as well."""
    facts = Facts()
    try:
        wave = wav.describe(path)
    except DatasetError as error:
        code = findings.UNREADABLE if isinstance(error.__cause__, OSError) else findings.NO_RIFF
        facts.tell(code, said(error, path.absolute()))
        return facts
    if wave.lacking or wave.seconds <= 0:
        lack = f"{wave.lacking} of the {wave.size} bytes of its samples are missing"
        facts.tell(findings.CUT_WAV, f"is cut off: {lack}" if wave.lacking else "holds no samples")
        return facts
    facts.rate, facts.seconds = wave.rate, wave.seconds
    facts.frames = round(wave.seconds * wave.rate)
    if wave.channels not in (1, 2) or wave.coding not in (wav.WHOLE, wav.FLOATING):
        facts.tell(findings.WAV_FORM, f"has {wave.channels} channels in coding {wave.coding}; it should be PCM")
    if deep:
        try:
            samples = wav.samples(wave)
        except DatasetError as error:
            facts.tell(findings.UNREADABLE, said(error, path.absolute()))
        else:
            if samples is not None:
                _check_samples(facts, samples, wave)
    return facts


def _check_samples(facts: Facts, samples: np.ndarray, wave: wav.Wave) -> None:
    low, high = float(samples.min()), float(samples.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = np.flatnonzero(~np.isfinite(samples))
        facts.tell(findings.WAV_NAN, f"has {len(bad)} samples that are not finite, first after {bad[0]}")
        return
    full = 1.0 if wave.coding == wav.FLOATING else 2.0 ** (8 * samples.itemsize - 1 if wave.bits > 8 else 7)
    if max(high, -low) < SILENCE * full:
        facts.tell(findings.SILENT, f"is silent: its loudest sample is {max(high, -low) / full:.1%} of full scale")
        return
    if wave.bits == 8:
        return  # so coarse that the crests of whole waves are flat
    # Both ends of whole numbers are clipped at, -32768 and 32767.
    ends = [end for end in (low, high) if abs(end) >= _LOUD * full]
    places = sum(
        _flat_places(samples[channel :: wave.channels], end) for end in ends for channel in range(wave.channels)
    )
    if places >= _FLAT_PLACES:
        facts.tell(findings.CLIPPED, f"is clipped in {places} places")


def _flat_places(samples: np.ndarray, end: float) -> int:
    """How often as many samples in a row as no sound has are as loud as the loudest, `end`."""
    loud = np.flatnonzero(samples == samples.dtype.type(end))
    if len(loud) < _FLAT_SAMPLES:
        return 0
    rows = np.diff(np.flatnonzero(np.diff(loud) > 1), prepend=-1, append=len(loud) - 1)
    return int((rows >= _FLAT_SAMPLES).sum())
