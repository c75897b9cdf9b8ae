"""Runs that are disturbed at random: what must hold of them afterwards, whatever happened.

For tests/farm/test_mass_faults.py and, at scale, tests/benchmarks/faults_real.py and faults_standin.py.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import psutil

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import SceneId
from farm import state, video
from farm.errors import FarmError

from .command_line import command, interact_farm

#: Whom a SIGKILL meets.
VICTIMS = ("worker", "workers", "driver", "both")

#: Longer than any start takes.
_PATIENCE_SECONDS = 300.0


def copies(dataset: Path, folder: Path, scene: str, count: int) -> tuple[Path, Path]:
    """A data set in which a scene is there so many times over, and a job of these copies."""
    root = Path(shutil.copytree(dataset, folder))
    made = Dataset.at(root)
    date, _ = scene.split("_")
    names = [f"{date}_{number}" for number in range(100, 100 + count)]
    for name in names:
        for actor in ("001", "002"):
            source, copy = (str(SceneId.parse(it).performance(actor)) for it in (scene, name))
            for of in (made.motion, made.face_arkit, made.wav):
                path = of(SceneId.parse(scene).performance(actor))
                os.link(path, path.with_name(path.name.replace(source, copy)))
    job = root / "copies.txt"
    job.write_text("\n".join(names) + "\n")
    return root, job


def results(out: Path) -> dict[str, str]:
    """A digest of all that is seen and heard in each result of a run, by its path in the output folder."""
    found = [path for path in sorted(out.glob("body_renders*/*")) if path.suffix in (".mkv", ".mp4")]
    return {path.relative_to(out).as_posix(): _digest(path) for path in found}


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        for picture in video.decode(path):
            digest.update(picture.to_ndarray().tobytes())
    except FarmError as error:
        return str(error)
    with av.open(str(path)) as container:
        if container.streams.audio:
            for block in container.decode(audio=0):
                digest.update(block.to_ndarray().tobytes())
    return digest.hexdigest()


@dataclass
class Seen:
    """The whole chunks that were seen in a run's folder, with each file that had the name."""

    out: Path
    files: dict[str, set[tuple[int, int]]] = field(default_factory=dict)

    def look(self) -> int:
        """Look once more; how many chunks there have been."""
        chunks = self.out / "farm_runs" / "chunks"
        for folder in _listed(chunks):
            for path in _listed(folder):
                if path.suffix == ".mkv":
                    with suppress(OSError):
                        facts = path.stat()
                        files = self.files.setdefault(f"{folder.name}/{path.name}", set())
                        files.add((facts.st_ino, facts.st_mtime_ns))
        return len(self.files)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(0.02)


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, none where it has just been deleted."""
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


@dataclass
class Story:
    """What a run went through. codes: of its starts, negative for the signal that ended one."""

    kills: Counter[str] = field(default_factory=Counter)
    codes: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0


def kill_at_random(
    arguments: tuple[object, ...], out: Path, chunks: int, kills: int, rng: random.Random, seen: Seen,
    tell: Callable[[str], None] = lambda line: None, delay: float = 1.5,
) -> Story:  # fmt: skip
    """Start a run as often as it takes, and kill somebody so many times before it is done.

    chunks: among the first of which it happens; delay: the most seconds that it waits after one of them.
    """
    story, began = Story(), time.monotonic()
    moments = sorted(rng.randrange(chunks - 1) for _ in range(kills))
    driver = _start(arguments, out)
    try:
        while moments:
            rendered = seen.look()
            if driver.poll() is not None:
                _over(driver, story, out)
                if driver.returncode == 0:
                    break
                driver = _start(arguments, out)
            if rendered < moments[0]:
                time.sleep(0.02)
                continue
            seen.wait(rng.uniform(0, delay))
            victim = rng.choice(VICTIMS)
            if _kill(driver, victim, rng):
                moments.pop(0)
                story.kills[victim] += 1
                passed = time.monotonic() - began
                tell(f"{passed:.0f} s: {story.kills.total()} kills, {rendered} of {chunks} chunks")
            if victim in ("driver", "both"):
                driver.wait()
                seen.wait(rng.choice((0.0, 0.0, 0.3)))
        finish(driver, arguments, out, story, seen)
    finally:
        _end(driver)
    story.seconds = time.monotonic() - began
    return story


def run_to_the_end(arguments: tuple[object, ...], out: Path, seen: Seen) -> Story:
    """Start a run as often as it takes."""
    story, began = Story(), time.monotonic()
    finish(_start(arguments, out), arguments, out, story, seen)
    story.seconds = time.monotonic() - began
    return story


def finish(driver: subprocess.Popen, arguments: tuple[object, ...], out: Path, story: Story, seen: Seen) -> None:
    """Let a run end by itself, and start it again until it ends well."""
    while not story.codes or story.codes[-1] != 0:
        until = time.monotonic() + _PATIENCE_SECONDS
        try:
            while driver.poll() is None:
                seen.wait(0.05)
                assert time.monotonic() < until, "the run does not end"
        finally:
            _end(driver)
        _over(driver, story, out)
        if driver.returncode != 0:
            assert len(story.codes) < 1000, story.said[-3:]
            driver = _start(arguments, out)


def _start(arguments: tuple[object, ...], out: Path) -> subprocess.Popen:
    with open(out.with_name(f"{out.name}.said"), "ab") as said:
        said.truncate(0)
        return subprocess.Popen(command(*arguments), stdout=said, stderr=said, start_new_session=True)


def _over(driver: subprocess.Popen, story: Story, out: Path) -> None:
    if driver.returncode is None:
        return
    story.codes.append(driver.returncode)
    story.said.append(out.with_name(f"{out.name}.said").read_text(errors="replace")[-4000:])


def _end(driver: subprocess.Popen) -> None:
    if driver.poll() is None:
        driver.kill()
        driver.wait()


def _kill(driver: subprocess.Popen, victim: str, rng: random.Random) -> bool:
    """Whether there was anybody."""
    try:
        workers = [it for it in psutil.Process(driver.pid).children() if "--events" in it.cmdline()]
    except psutil.Error:
        return False
    if victim == "worker":
        workers = [rng.choice(workers)] if workers else []
    whom = [it.pid for it in workers] if victim != "driver" else []
    if victim != "driver" and not whom:
        return False
    if victim in ("driver", "both"):
        whom.insert(rng.choice((0, len(whom))), driver.pid)
    for pid in whom:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def violations(out: Path, story: Story, seen: Seen, calm: dict[str, str], whole: Path | None = None) -> list[str]:
    """What does not hold of a disturbed run that has ended; clears it away. calm: the results of an undisturbed one;
    whole: a list of the chunks that became whole, where chunks are spoilt on purpose."""
    found = [f"a start ended with a traceback: {said}" for said in story.said if "Traceback" in said]
    got = results(out)
    found += [f"{name}: is not there" for name in calm.keys() - got.keys()]
    found += [f"{name}: is other than in an undisturbed run" for name in got if got[name] != calm.get(name)]
    (record,) = out.glob(f"farm_runs/state/*{state.SUFFIX}")
    found += _rendered_again(record)
    if whole is None:
        found += [f"{name}: was written {len(files)} times" for name, files in seen.files.items() if len(files) > 1]
    else:
        counted = Counter(whole.read_text().split())
        found += [f"{name}: became whole {count} times" for name, count in counted.items() if count > 1]
    found += [f"process {process.pid} is left: {process.cmdline()}" for process in processes(out)]
    cleaned = interact_farm("runs", "clean", record.stem, "--out", out)
    if cleaned.returncode:
        found.append(f"it cannot be cleaned: {cleaned.stderr}")
    kept = [path for path in out.rglob("*") if path.is_file() and path.relative_to(out).as_posix() not in calm]
    return found + [f"{path} is left" for path in kept if path != out / "farm_runs" / "lock"]


def _rendered_again(record: Path) -> Iterator[str]:
    with closing(sqlite3.connect(record)) as db:
        attempts = db.execute("SELECT task, first, last, outcome FROM attempts ORDER BY id").fetchall()
        unfinished = db.execute("SELECT name, state, problem FROM tasks WHERE state != 'done'").fetchall()
    whole: dict[str, set[int]] = {}
    for task, first, last, outcome in attempts:
        frames = set(range(first, last + 1))
        if frames & whole.setdefault(task, set()):
            yield f"{task}: frames {first}-{last} were begun again ({outcome}) when they were whole"
        if outcome == "done":
            whole[task] |= frames
    yield from (f"{name}: is {became} in the record ({problem})" for name, became, problem in unfinished)


def processes(out: Path, seconds: float = 10.0) -> list[psutil.Process]:
    """Those that still have to do with an output folder; they are given some time to be gone."""
    until = time.monotonic() + seconds
    while found := [process for process in psutil.process_iter() if _names(process, str(out))]:
        if time.monotonic() > until:
            return found
        time.sleep(0.1)
    return []


def _names(process: psutil.Process, folder: str) -> bool:
    try:
        told = [*process.cmdline(), *process.environ().values()]
        # Who tests names the folder as well.
        is_mine = process.pid == os.getpid() or process in psutil.Process().parents()
        return not is_mine and process.status() != psutil.STATUS_ZOMBIE and any(folder in word for word in told)
    except (psutil.Error, OSError):
        return False


def stand_in_run(folder: Path, data: Path, job: Path, *more: object) -> tuple[object, ...]:
    """The arguments of a run by stand-ins for Blender in chunks of three frames; what they need lies in a folder."""
    program = Path(__file__).with_name("standin_blender.py")
    blender, template = folder / "blender", folder / "template.blend"
    blender.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    blender.chmod(0o755)
    template.write_bytes(b"BLENDER-v405")
    how = "--chunk", 3, "--workers", 3, "--stall", 2, "--max-tries", 99, "--no-mux", "--size", "32x32"
    return ("body", "render", job, "--data", data, "--template", template, "--blender", blender, *how, *more)
