"""Smooth tracks over time, from which all motion here is put together.

Times are in seconds, (N,); a track is (N,) or (D, N).
"""

from __future__ import annotations

import numpy as np

#: A movement: when it begins, how long it takes (seconds), and its target (D,).
Move = tuple[float, float, np.ndarray]


def minimum_jerk(phase: np.ndarray) -> np.ndarray:
    """The position (0 to 1) of a human reaching movement at `phase` 0 to 1; outside it rests.

    10 p^3 - 15 p^4 + 6 p^5: Flash and Hogan, "The coordination of arm movements", 1985.
    """
    p = np.clip(phase, 0.0, 1.0)
    return p**3 * (10.0 - 15.0 * p + 6.0 * p**2)


def moves(times: np.ndarray, start: np.ndarray, keys: list[Move]) -> np.ndarray:
    """From `start` (D,) to one target after the other: (D, N).

    Movements that overlap add up, as people blend them (Flash and Henis, "Arm trajectory modifications", 1991).
    """
    track = np.repeat(np.asarray(start, dtype=float)[:, None], len(times), axis=1)
    here = np.asarray(start, dtype=float)
    for begin, duration, target in keys:
        step = np.asarray(target, dtype=float) - here
        track += step[:, None] * minimum_jerk((times - begin) / duration)
        here = here + step
    return track


def bumps(times: np.ndarray, centres: list[float], widths: list[float], heights: list[float]) -> np.ndarray:
    """A sum of smooth bumps: each rises for `width` seconds to its height at `centre`, and falls as long."""
    track = np.zeros(len(times))
    for centre, width, height in zip(centres, widths, heights, strict=True):
        track += height * minimum_jerk(1.0 - np.abs(times - centre) / width)
    return track


def wander(rng: np.random.Generator, times: np.ndarray, slowest: float, fastest: float, waves: int = 8) -> np.ndarray:
    """Aimless smooth movement of unit deviation between two frequencies in Hz; it never repeats."""
    steps = (np.arange(waves) + rng.uniform(0.1, 0.9, waves)) / waves
    frequencies = slowest * (fastest / slowest) ** steps
    phases = rng.uniform(0.0, 2.0 * np.pi, waves)
    heights = frequencies**-0.5  # slower is larger, as in all sway
    total = np.einsum("w,wn->n", heights, np.sin(2.0 * np.pi * frequencies[:, None] * times + phases[:, None]))
    return total / np.sqrt(0.5 * np.sum(heights**2))


def smooth(track: np.ndarray, deviation: float) -> np.ndarray:
    """A track (N,) or (D, N) under a Gaussian of `deviation` samples, its ends held."""
    reach = int(np.ceil(3.0 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    kernel /= kernel.sum()
    rows = np.atleast_2d(track)
    padded = np.pad(rows, ((0, 0), (reach, reach)), mode="edge")
    result = np.stack([np.convolve(row, kernel, mode="valid") for row in padded])
    return result if np.ndim(track) == 2 else result[0]
