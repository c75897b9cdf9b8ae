"""241 scenes by stand-ins for Blender, and 500 faults in them: see tests/farm/standin_blender.py for which.

The stand-ins are processes that render real, tiny videos. Then what faults_real.py says must hold. Exit code 1 where
it does not. python tests/benchmarks/faults_standin.py [--seed N] [--faults N] [--scenes N]
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from blender_addon.dataset.layout import Dataset
from farm.demo.maker import make_dataset

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.farm import standin_blender
from tests.farm.disturbed import Seen, copies, results, run_to_the_end, stand_in_run, violations

_SCENES, _FAULTS, _FRAMES, _CHUNK = 241, 500, 12, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=int, default=_FAULTS)
    parser.add_argument("--scenes", type=int, default=_SCENES)
    chosen = parser.parse_args()
    os.environ["INTERACT_ACTORS"] = "mannequin"
    with tempfile.TemporaryDirectory() as name:
        sys.exit(_run(Path(name), chosen.seed, chosen.faults, chosen.scenes))


def _run(folder: Path, seed: int, faults: int, scenes: int) -> int:
    made = make_dataset(folder / "one", scenes=1, seconds=1.0, seed=seed)
    scene = Dataset.at(made.root).body_job.read_text().split()[-1]
    data, job = copies(made.root, folder / "data", scene, scenes)
    arguments = *stand_in_run(folder, data, job, "--frames", f"1-{_FRAMES}"), "--out"
    calm, out, none, planned = (folder / name for name in ("calm", "out", "none", "faults"))
    none.mkdir()
    os.environ["FAULTS"] = str(none)
    undisturbed = run_to_the_end((*arguments, calm), calm, Seen(calm))
    starts = range(1, _FRAMES + 1, _CHUNK)
    chunks = [f"{name}:{first}-{first + _CHUNK - 1}" for name in job.read_text().split() for first in starts]
    print(f"undisturbed: {scenes} scenes in {len(chunks)} chunks, {undisturbed.seconds:.0f} s", flush=True)
    kinds = standin_blender.plan_faults(planned, chunks, faults, random.Random(seed))
    os.environ["FAULTS"] = str(planned)
    story = run_to_the_end((*arguments, out), out, seen := Seen(out))
    met = len([*planned.glob("*.met")])
    found = violations(out, story, seen, results(calm), planned / "whole")
    if met != faults:
        found.append(f"only {met} of {faults} faults were met")
    print(f"seed {seed}: {met} faults {dict(kinds)}")
    print(f"{len(story.codes)} starts, {story.seconds:.0f} s: {len(found)} violations")
    for line in found:
        print(f"  {line}")
    return int(bool(found))


if __name__ == "__main__":
    main()
