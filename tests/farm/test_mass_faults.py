"""Runs that are disturbed at random, a few times; tests/benchmarks/faults_*.py do the same at scale."""

from __future__ import annotations

import random

from . import standin_blender
from .disturbed import Seen, copies, kill_at_random, results, run_to_the_end, stand_in_run, violations
from .test_run import SCENES
from .test_workers import needs_proc


@needs_proc
def test_kills_at_random_moments_lose_nothing_and_cost_no_whole_chunk(finished, render, tmp_path):
    out = tmp_path / "out"
    arguments = render(out, "--max-tries", 99, "--workers", 2)
    seen = Seen(out)
    story = kill_at_random(arguments, out, 6, 5, random.Random(4), seen, delay=0.2)  # of 12 chunks
    assert story.kills.total() == 5
    assert violations(out, story, seen, results(finished)) == []


@needs_proc
def test_sixty_faults_over_forty_scenes_lose_nothing_and_cost_no_whole_chunk(dataset, tmp_path, monkeypatch):
    data, job = copies(dataset, tmp_path / "data", SCENES[0], 40)
    arguments = stand_in_run(tmp_path, data, job, "--frames", "1-6")
    chunks = [f"{scene}:{first}-{first + 2}" for scene in job.read_text().split() for first in (1, 4)]
    calm, met = tmp_path / "calm", tmp_path / "faults"
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("FAULTS", str(tmp_path / "none"))
    run_to_the_end((*arguments, "--out", calm), calm, Seen(calm))
    planned = standin_blender.plan_faults(met, chunks, 60, random.Random(1))
    monkeypatch.setenv("FAULTS", str(met))
    out = tmp_path / "out"
    story = run_to_the_end((*arguments, "--out", out), out, seen := Seen(out))
    assert len([*met.glob("*.met")]) == planned.total() == 60
    assert violations(out, story, seen, results(calm), met / "whole") == []
