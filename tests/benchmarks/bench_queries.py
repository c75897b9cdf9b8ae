"""What asking a data set of 241 scenes costs over a bare `python -c "import numpy, click"`.

The made set has as many files as the published one, of its names and sizes where it matters: heads of motions as they
are, 520,000 frames of bodies that they declare, a million frames of face weights (sparse files). Commands and the bare
start take turns; CPU seconds, and the least of each are compared.
Run: python tests/benchmarks/bench_queries.py [ROUNDS]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId
from farm.demo import databases, skeletons
from farm.demo.maker import make_dataset

SCENES, BODY_FRAMES = 241, 520_000
_TARGET = 3.0
_RUN = "from farm.cli import run; run()"


def make_set(root: Path) -> None:
    """241 scenes: one made scene's files under all names, with heads of the right length before its motion."""
    small = Dataset(make_dataset(root / "one", scenes=1, seconds=1.0).root)
    dataset = Dataset(root / "data")
    for folder in ("bvhs_retarget", "face_arkit", "face_ict", "wav"):
        (dataset.root / folder).mkdir(parents=True)
    databases.write_scenarios(dataset.scenarios_db, SCENES)
    databases.write_actors(dataset.actors_db)
    source = next(small.bvhs_retarget.glob("*.bvh")).read_bytes()
    voice = next((small.root / "wav").glob("*.wav")).read_bytes()
    frames = BODY_FRAMES // (2 * SCENES)
    line = source.splitlines(keepends=True)[-1]
    motion = source[: source.index(b"Frames:")] + f"Frames: {frames}\nFrame Time: 0.03333333\n".encode() + frames * line
    for number in range(SCENES):
        session = skeletons.sessions()[number % len(skeletons.sessions())]
        for actor in session.actors:
            name = PerformanceId(session.date, actor, f"{number + 1:03d}")
            dataset.motion(name).write_bytes(motion)
            dataset.wav(name).write_bytes(voice)
            for path, columns in ((dataset.face_arkit(name), 51), (dataset.face_ict(name), 55)):
                np.lib.format.open_memmap(path, "w+", "<f4", (2 * frames, columns))


def cpu_and_wall(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", type=int, nargs="?", default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_set(root)
        environment = os.environ | {"INTERACT_DATA": str(root / "data"), "PYTHONPATH": str(Path.cwd())}
        farm = [sys.executable, "-c", _RUN]
        ways = {
            "bare": [sys.executable, "-c", "import numpy, click"],
            "data scenes": [*farm, "data", "scenes"],
            "data scenes --emotion": [*farm, "data", "scenes", "--emotion", "anger", "--min-seconds", "10"],
            "data pairs": [*farm, "data", "pairs"],
            "jobs make": [*farm, "jobs", "make", str(root / "job.txt")],
            "jobs make --face": [*farm, "jobs", "make", str(root / "face.txt"), "--face"],
            "jobs make --split": [
                *farm, "jobs", "make", str(root / "split.txt"), "--split", "train=0.8,val=0.1,test=0.1",
            ],
            "jobs make --by actor": [
                *farm, "jobs", "make", str(root / "split.txt"), "--split", "train=0.8,test=0.2", "--by", "actor",
            ],
            "data stats": [*farm, "data", "stats"],
        }  # fmt: skip
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name in ways if number % 2 else reversed(ways):
                took = cpu_and_wall(ways[name], environment)
                if number:
                    spent[name].append(took)
        least = {name: tuple(map(min, zip(*took, strict=True))) for name, took in spent.items()}
        bare = least["bare"]
        for name, (cpu, wall) in least.items():
            told = f"{cpu:.3f} s CPU, {cpu / bare[0]:.2f} times; {wall:.3f} s, {wall / bare[1]:.2f} times"
            print(f"{name:24} {told}{'' if cpu / bare[0] <= _TARGET else '  TOO SLOW'}")


if __name__ == "__main__":
    main()
