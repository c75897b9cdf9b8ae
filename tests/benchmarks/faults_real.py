"""One run of 24 real scenes, 64x36 in Workbench, with 100 SIGKILLs at random moments: workers, the driver, both.

Then: every video equals an undisturbed run's when decoded, no whole chunk was rendered again, no process is left, and
nothing but the results after `runs clean`. Exit code 1 where that does not hold.
python tests/benchmarks/faults_real.py [--seed N] [--kills N] [--scenes N]
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from blender_addon.dataset.layout import Dataset
from farm import templates
from farm.blender import Blender
from farm.demo.maker import make_dataset

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.farm.disturbed import Seen, kill_at_random, results, run_to_the_end, violations

_SCENES, _KILLS, _SECONDS, _CHUNK = 24, 100, 1.2, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=_KILLS)
    parser.add_argument("--scenes", type=int, default=_SCENES)
    chosen = parser.parse_args()
    os.environ["INTERACT_ACTORS"] = "mannequin"
    with tempfile.TemporaryDirectory() as name:
        sys.exit(_run(Path(name), chosen.seed, chosen.kills, chosen.scenes))


def _run(folder: Path, seed: int, kills: int, scenes: int) -> int:
    data, template = folder / "data", folder / "template.blend"
    made = make_dataset(data, scenes=scenes, seconds=_SECONDS, seed=seed)
    templates.make(template, Dataset.at(data), Blender(None, "module"))
    look = "--template", template, "--engine", "workbench", "--size", "64x36", "--samples", 1
    how = "--chunk", _CHUNK, "--workers", 2, "--max-tries", 99
    arguments = "body", "render", made.body_job, "--data", data, *look, *how, "--out"
    calm, out = folder / "calm", folder / "out"
    undisturbed = run_to_the_end((*arguments, calm), calm, seen := Seen(calm))
    chunks = scenes * round(_SECONDS * 30) // _CHUNK
    print(f"undisturbed: {scenes} scenes in {chunks} chunks, {undisturbed.seconds:.0f} s", flush=True)
    seen = Seen(out)
    story = kill_at_random((*arguments, out), out, chunks, kills, random.Random(seed), seen, print_line)
    expected = results(calm)
    found = violations(out, story, seen, expected)
    print(
        f"seed {seed}: {story.kills.total()} kills {dict(story.kills)}, {len(story.codes)} starts, "
        f"{story.seconds:.0f} s, {len(expected)} videos: {len(found)} violations"
    )
    for line in found:
        print(f"  {line}")
    if story.kills.total() < kills:
        print("  it was done before all the kills")
    return int(bool(found) or story.kills.total() < kills)


def print_line(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
