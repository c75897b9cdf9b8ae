"""What `data check` costs on a made set of the real one's size: 241 scenes, 964 body motions, as many face files, 482
voices, each of 72 s.

Quick: the whole command, against 5 s. Deep: the whole command, against what numpy.loadtxt for the motions and
numpy.load for the weights alone take for the same warm files, with as many processes. The ways take turns, so that a
busy machine slows both down, and CPU seconds, of all processes, are told as well; memory is the largest of one process.

The files of an actor are one file under many names, so that a small disk does. Run:
python tests/benchmarks/bench_data_check.py [SCENES] [FRAMES] [ROUNDS]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import bvh
from blender_addon.dataset.blendshapes import save_weights
from blender_addon.dataset.checks import inventory
from blender_addon.dataset.layout import ERRATA_WITHOUT_FACE, FPS
from farm import data_check
from farm.demo import databases
from farm.demo.files import prepare_folder
from farm.demo.maker import make_dataset, scene_id
from farm.demo.skeletons import sessions
from farm.demo.speech import SAMPLE_RATE, write_wav

SCENES, FRAMES, ROUNDS = 241, 2160, 3
TARGETS = {"quick": 5.0, "deep": 1.3}
_START = [sys.executable, "-c", "from farm.cli import run; run()", "data", "check", "--data"]


def make(root: Path, scenes: int, frames: int) -> None:
    """Each actor's 4 s of a small set, repeated to `frames`; linked under the names of all performances."""
    small = root.with_name("small")
    make_dataset(small, scenes=5, seconds=4.0)
    prepare_folder(root)
    databases.write_scenarios(root / "scenarios.db", max(scenes, 40))
    databases.write_actors(root / "actors.db")
    sources = {}
    for kind in inventory.KINDS:
        for path in sorted((small / kind.folder).iterdir()):
            sources.setdefault((kind, path.stem.split("_")[1]), path)
    long = {key: lengthen(path, root.with_name("long") / key[0].folder, frames) for key, path in sources.items()}
    for scene in map(scene_id, range(1, scenes + 1)):
        session = next(session for session in sessions() if session.date == scene.date)
        for performance in map(scene.performance, session.actors):
            for kind in inventory.KINDS:
                if performance not in ERRATA_WITHOUT_FACE or kind not in (inventory.ARKIT, inventory.ICT):
                    os.link(long[kind, performance.actor], root / kind.folder / f"{performance}{kind.suffix}")


def lengthen(source: Path, folder: Path, frames: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    if source.suffix == ".bvh":
        motion = bvh.read(source)
        values = np.resize(motion.values, (frames, motion.values.shape[1]))
        bvh.write(target, bvh.Motion(motion.skeleton, values, motion.frame_time))
    elif source.suffix == ".npy":
        weights = np.load(source)
        save_weights(target, np.resize(weights, (frames, weights.shape[1])))
    else:
        with wave.open(str(source), "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767.0
        write_wav(target, np.resize(samples, frames * SAMPLE_RATE // FPS))
    return target


def numpy_alone(batch: list[tuple[str, int]]) -> None:
    """head: lines of a BVH before its values."""
    for path, head in batch:
        if path.endswith(".bvh"):
            np.loadtxt(path, skiprows=head)
        else:
            np.load(path)


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of all processes' CPUs."""

    wall: float
    cpu: float


def measured(work: Callable[[], object]) -> Spent:
    def cpu() -> float:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    wall, before = time.perf_counter(), cpu()
    work()
    return Spent(time.perf_counter() - wall, cpu() - before)


def baseline(batches: list[list[tuple[str, int]]]) -> None:
    with ProcessPoolExecutor(data_check.cores(), multiprocessing.get_context("spawn")) as pool:
        for _ in pool.map(numpy_alone, batches):
            pass


def command(root: Path, *options: str) -> None:
    done = subprocess.run([*_START, root, *options], capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("IA") and not line.startswith("IA008")]
    if done.returncode or found:
        raise SystemExit(f"the made set should be clean: {found[:3]} {done.stderr[-500:]}")


def plan(root: Path) -> list[list[tuple[str, int]]]:
    """All motions and weights, the large first, eight at a time."""
    heads: dict[int, int] = {}  # by inode
    paths = []
    for kind in inventory.KINDS[:4]:
        for path in (root / kind.folder).iterdir():
            inode = path.stat().st_ino
            if inode not in heads:
                heads[inode] = path.read_bytes().split(b"Frame Time")[0].count(b"\n") + 1
            paths.append((str(path), heads[inode]))
    return [paths[start : start + 8] for start in range(0, len(paths), 8)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, usual in (("scenes", SCENES), ("frames", FRAMES), ("rounds", ROUNDS)):
        parser.add_argument(name, type=int, nargs="?", default=usual)
    given = parser.parse_args()
    scenes, frames, rounds = given.scenes, given.frames, given.rounds
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "data"
        make(root, scenes, frames)
        files = [path for kind in inventory.KINDS for path in (root / kind.folder).iterdir()]
        size = sum(path.stat().st_size for path in files) / 1e9
        print(f"{scenes} scenes of {frames} frames: {len(files)} files, {size:.1f} GB; {data_check.cores()} cores")
        quick = [measured(lambda: command(root)) for _ in range(rounds + 1)][1:]
        best = min(spent.wall for spent in quick)
        by_cpu = min(spent.cpu for spent in quick)
        print(f"  quick: {best:.2f} s, {by_cpu:.2f} s of CPU; at most {TARGETS['quick']} s wanted")
        batches = plan(root)
        alone, deep = [], []
        for _ in range(rounds):
            alone.append(measured(lambda: baseline(batches)))
            deep.append(measured(lambda: command(root, "--deep")))
            for title, spent in ("numpy alone", alone[-1]), ("deep", deep[-1]):
                print(f"  {title:<12} {spent.wall:7.2f} s, {spent.cpu:7.2f} s of CPU")
        ratio = min(spent.wall for spent in deep) / min(spent.wall for spent in alone)
        by_cpu = min(spent.cpu for spent in deep) / min(spent.cpu for spent in alone)
        print(f"  deep over numpy alone: {ratio:.2f}, by CPU {by_cpu:.2f}; at most {TARGETS['deep']} wanted")
        print(
            f"  memory of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB"
        )
    sys.exit(0 if best <= TARGETS["quick"] and ratio <= TARGETS["deep"] else 1)


if __name__ == "__main__":
    main()
