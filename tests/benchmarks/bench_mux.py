"""What `farm.audio.mux` costs over the bare ffmpeg command with the same graph, on a scene of two minutes.

Both ways take turns, so that a busy machine slows both down. Target: a ratio of at most 1.1.
Run: python tests/benchmarks/bench_mux.py
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from farm.audio import ffmpeg_arguments, mux, read_wave
from farm.video import ffmpeg_binary, join, probe

FRAMES, FPS, WIDTH, HEIGHT = 3600, 30, 640, 360
RATE = 48_000
ROUNDS = 11
TARGET = 1.1


def make_video(path: Path) -> Path:
    """Two minutes of a drifting pattern, H.264 with B-frames."""
    chunk = path.with_name("chunk.mkv")
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    with av.open(str(chunk), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23", "bf": "2", "g": "18"}
        for number in range(FRAMES):
            grey = ((x * 3 + y * 2 + number * 5) % 256).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")))
        container.mux(stream.encode())
    join([chunk], path)
    return path


def make_wav(path: Path, seed: int) -> Path:
    """Two minutes of noise under syllables, 16 bit mono."""
    time_axis = np.arange(FRAMES * RATE // FPS) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.15, time_axis.size)
    sound = np.clip(noise * (1 + np.sin(2 * np.pi * 4 * time_axis)), -1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of every round: mux, and the bare command."""
    video = make_video(folder / "scene.mkv")
    voices = [make_wav(folder / f"{n}.wav", n) for n in (1, 2)]
    command = ffmpeg_arguments(probe(video), [read_wave(voice) for voice in voices], folder / "bare.mp4")

    def bare() -> None:
        subprocess.run(command, check=True)

    def product() -> None:
        mux(video, voices, folder / "mux.mp4", frames=FRAMES)

    ways: list[tuple[Callable[[], None], list[float]]] = [(product, []), (bare, [])]
    for round_number in range(ROUNDS + 1):
        for work, times in ways if round_number % 2 else reversed(ways):
            spent = seconds(work)
            # The first round warms the disk cache.
            if round_number:
                times.append(spent)
    return ways[0][1], ways[1][1]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        product, bare = measure(Path(folder))
    # Neighbours in time are compared: on a shared machine the rounds differ more than the two ways do.
    pairs = [mine / other for mine, other in zip(product, bare, strict=True)]
    ratios = {"min": min(product) / min(bare), "median": statistics.median(pairs)}
    print(f"{FRAMES} frames {WIDTH}x{HEIGHT}, two voices, {ROUNDS} rounds, {os.cpu_count()} cores, {ffmpeg_binary()}")
    print(f"mux        min {min(product):.3f} s   median {statistics.median(product):.3f} s")
    print(f"bare       min {min(bare):.3f} s   median {statistics.median(bare):.3f} s")
    print(f"ratio      min {ratios['min']:.3f}     median {ratios['median']:.3f}     target at most {TARGET}")
    return 0 if ratios["median"] <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
