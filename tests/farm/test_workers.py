"""Workers as processes: their threads, graphics cards and temporary folders."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from blender_addon.dataset import batch
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.reach import Reach
from farm import body, leftovers, rendering
from farm.blender import Blender
from farm.errors import FarmError
from farm.executors.local import LocalExecutor, LocalWorker, do_one
from farm.executors.place import Place
from farm.launch import Launch
from farm.rendering import RenderOptions
from farm.scratch import Scratch

from .command_line import interact_farm, start_farm
from .test_run import SCENES, alive, events, pictures, wait_for

SMALL = ["--engine", "workbench", "--samples", "1", "--size", "64x36", "--no-mux"]


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The system's temporary folder, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def idle(tmp_path) -> Blender:
    """A stand-in for the Blender application that waits for its end."""
    program = tmp_path / "idle-blender"
    program.write_text("#!/bin/sh\nread line\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Blender(program, "4.5.0")


def environment(worker: LocalWorker) -> dict[str, str]:
    """As the process itself was started with."""
    path = Path(f"/proc/{worker.pid}/environ")
    wait_for(lambda: b"TMPDIR=" in path.read_bytes())  # empty while the program is being loaded
    words = path.read_bytes().split(b"\0")
    return dict(word.decode().split("=", 1) for word in words if word)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")


@needs_proc
def test_workers_share_the_cards_and_a_new_one_takes_that_of_the_dead(idle, tmp_path, temporary, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    executor = LocalExecutor(Launch(idle, Reach(), threads=3, gpus=(2, 0)), tmp_path / "logs", 5)
    workers = [executor.start(f"worker-{n}") for n in range(5)]
    try:
        seen = [environment(worker) for worker in workers]
        assert [told["CUDA_VISIBLE_DEVICES"] for told in seen] == ["2", "0", "2", "0", "2"]
        assert [told["HIP_VISIBLE_DEVICES"] for told in seen] == ["2", "0", "2", "0", "2"]
        assert {told["LP_NUM_THREADS"] for told in seen} == {"3"}
        assert len({told["TMPDIR"] for told in seen}) == 5
        for dead in (1, 3):
            workers[dead].kill(grace=0)
        workers[1] = executor.start("worker-6")
        assert environment(workers[1])["CUDA_VISIBLE_DEVICES"] == "0"
    finally:
        for worker in workers:
            worker.kill(grace=0)
        executor.close()
    assert list(temporary.iterdir()) == []


@needs_proc
def test_without_cards_workers_see_what_the_user_sees(idle, tmp_path, temporary, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    for name in ("HIP_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    worker = LocalExecutor(Launch(idle, Reach()), tmp_path / "logs", 1).start("worker-1")
    try:
        assert environment(worker)["CUDA_VISIBLE_DEVICES"] == "7"
        assert not {"HIP_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LP_NUM_THREADS"} & environment(worker).keys()
    finally:
        worker.kill(grace=0)


def test_the_command_line_says_threads_and_card(tmp_path):
    application = Launch(Blender(Path("/b/blender"), "4.5"), Reach(), threads=3, gpu=1).command("b.jsonl", Path("e"))
    own = application.index("--")
    assert application[application.index("--threads") + 1] == "3"
    assert application.index("--threads") < application.index("--python") < own  # Blender's own option
    assert application[own + 1 :] == ["--threads", "3", "--gpu", "b.jsonl", "--events", "e"]
    module = Launch(Blender(None, "4.5"), Reach()).command("b.jsonl", Path("e"))
    assert module[-3:] == ["b.jsonl", "--events", "e"]
    assert "--threads" not in module


@pytest.mark.parametrize(
    ("options", "workers", "threads"),
    [
        (RenderOptions(workers=3), 3, 5),
        (RenderOptions(workers=40), 40, 1),
        (RenderOptions(gpus=(0, 1)), 2, 8),
        (RenderOptions(gpus=(0, 1), workers=4), 4, 4),
        (RenderOptions(threads=6), 8, 6),
    ],
)
def test_the_cores_are_shared_out_among_the_workers(options, workers, threads, monkeypatch, dataset, tmp_path):
    monkeypatch.setattr(rendering, "cores", lambda: 16)
    own = replace(options, out=tmp_path, actors="mannequin")
    prepared = rendering.prepare(body.BODY, Dataset.at(dataset).body_job, dataset, own)
    assert (prepared.workers, prepared.threads) == (workers, threads)
    assert rendering.from_facts(prepared.identity.options) == replace(own, out=str(tmp_path))
    other = rendering.prepare(body.BODY, Dataset.at(dataset).body_job, dataset, replace(own, threads=2, gpus=(3,)))
    assert other.identity.id == prepared.identity.id  # the pictures are the same
    assert [task.fingerprint for task in other.to_do.tasks] == [task.fingerprint for task in prepared.to_do.tasks]


def test_cards_and_threads_elsewhere_are_not_those_of_this_machine(dataset, tmp_path):
    there = Place("dask", scheduler="tcp://127.0.0.1:8786")
    options = RenderOptions(out=tmp_path, actors="mannequin", place=there)
    job = Dataset.at(dataset).body_job
    assert rendering.prepare(body.BODY, job, dataset, options).threads is None
    with pytest.raises(FarmError, match="on a cluster its queue gives each worker its own"):
        rendering.prepare(body.BODY, job, dataset, replace(options, gpus=(0,)))


@pytest.mark.parametrize("words", ["", "x", "0,", "-1", "0,0", "1,01", "0 1", "1.5", "²"])
def test_what_is_no_list_of_cards_is_a_wrong_option(words, dataset):
    done = interact_farm("body", "render", "job.txt", "--data", dataset, f"--gpus={words}")
    assert done.returncode == 2
    assert "graphics card" in done.stderr


@pytest.mark.parametrize("threads", ["0", "-1", "x", "1025"])
def test_no_threads_are_a_wrong_option(threads, dataset):
    assert interact_farm("body", "render", "job.txt", "--data", dataset, f"--threads={threads}").returncode == 2


@needs_proc
def test_a_run_on_named_cards_says_once_that_there_are_none_and_goes_on(dataset, template, tmp_path, temporary):
    """Real workers; where this is run on a machine with cards, they are hidden."""
    out = tmp_path / "out"
    done = interact_farm(
        "body", "render", Dataset.at(dataset).body_job, "--data", dataset, "--out", out, "--template", template,
        "--engine", "cycles", "--samples", 1, "--size", "32x18", "--frames", "1-2", "--no-mux", "--gpus", "61",
        "--threads", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Cycles finds no graphics card here") == 1
    assert len([event for event in events(out) if event["event"] == "rendered"]) == 2
    assert {event["event"] for event in events(out) if event["event"] == "failed"} == set()
    assert list(temporary.iterdir()) == []


def test_pictures_do_not_depend_on_threads(dataset, template, tmp_path):
    made = []
    for threads in (1, 3):
        out = tmp_path / str(threads)
        look = batch.Look("cycles", (64, 36), 2)
        request = batch.RenderChunk("a", str(dataset), str(template), SCENES[0], 1, 3, str(out / "a.mkv"), look)
        worker = LocalWorker("w", Launch(Blender(None, "m"), Reach.of([request]), threads), out / "logs")
        worker.send(request)
        worker.finish()
        assert worker.wait(120) == 0, worker.events()
        made.append(pictures(out / "a.mkv"))
    assert made[0] == made[1]
    assert len(made[0]) == 3


def test_one_request_leaves_nothing_in_the_temporary_folder(tmp_path, temporary):
    do_one(Blender(None, "module"), batch.TryEngine("t", "workbench", str(tmp_path / "t.png")))
    assert list(temporary.iterdir()) == []


def start(dataset, template, out: Path):
    return start_farm(
        "body", "render", Dataset.at(dataset).body_job, "--data", dataset, "--out", out, "--template", template,
        # Pictures large enough that the run outlasts the look at it.
        "--workers", 1, "--chunk", 4, *SMALL, "--size", "320x180",
    )  # fmt: skip


def worker_pid(out: Path) -> int:
    return next((event["pid"] for event in reversed(events(out)) if event["event"] == "ready"), 0)


def frames(out: Path) -> int:
    return len([event for event in events(out) if event["event"] == "frame"])


def test_a_killed_worker_leaves_nothing_in_the_temporary_folder(dataset, template, tmp_path, temporary):
    out = tmp_path / "out"
    run = start(dataset, template, out)
    wait_for(lambda: frames(out) > 3)
    (folder,) = temporary.glob(f"{batch.SCRATCH}*")
    assert list(folder.glob("blender_*"))  # Blender does leave something
    os.kill(worker_pid(out), signal.SIGKILL)
    assert run.wait(120) == 0, run.stderr.read()
    assert list(temporary.iterdir()) == []


def test_a_killed_driver_leaves_nothing_in_the_temporary_folder(dataset, template, tmp_path, temporary):
    out = tmp_path / "out"
    run = start(dataset, template, out)
    wait_for(lambda: frames(out) > 3)
    pid = worker_pid(out)
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_for(lambda: not alive(pid))
    assert list(temporary.iterdir()) == []


def test_what_was_left_goes_when_nobody_has_it(temporary, tmp_path):
    old = time.time() - 7200
    held, fresh = Scratch(), temporary / f"{batch.SCRATCH}fresh"
    left, others, link = (temporary / name for name in (f"{batch.SCRATCH}left", "others", f"{batch.SCRATCH}link"))
    for folder in (fresh, left, others, tmp_path / "kept"):
        (folder / "in").mkdir(parents=True)
    link.symlink_to(tmp_path / "kept")
    for folder in (held.path, left, others, tmp_path / "kept"):
        os.utime(folder, (old, old))
    Scratch().remove()
    assert {path.name for path in temporary.iterdir()} == {held.path.name, fresh.name, others.name, link.name}
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["in"]
    held.remove()
    assert not held.path.exists()


def program(path: Path, *lines: str) -> Blender:
    """A stand-in for the Blender application: a shell script."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Blender(path, "4.5.0")


@needs_proc
@pytest.mark.parametrize("ending", ["exit 3", "kill -KILL $$", "read line"])
def test_what_a_dead_worker_started_ends_with_it(ending, tmp_path, temporary):
    said = tmp_path / "child"
    child = f"(trap '' TERM HUP INT; exec sleep 300) & echo $! > {said}"
    worker = LocalWorker("w", Launch(program(tmp_path / "b", child, "sleep 0.3", ending), Reach()), tmp_path / "logs")
    wait_for(lambda: said.is_file() and said.read_text().endswith("\n"))
    pid = int(said.read_text())
    assert alive(pid)
    if ending == "read line":
        worker.finish()
    wait_for(lambda: worker.exit_code is not None)
    wait_for(lambda: not alive(pid))


@needs_proc
def test_what_outlived_a_killed_driver_ends_with_the_next_start(tmp_path, temporary):
    mine, others = tmp_path / "mine" / "logs", tmp_path / "others" / "logs"
    blender = program(tmp_path / "b", "trap '' TERM HUP; (setsid sleep 300) & sleep 300")
    workers = [LocalWorker("w", Launch(blender, Reach()), logs / "20260101-000000-1") for logs in (mine, others)]
    try:
        wait_for(lambda: all(len(psutil.Process(w.pid).children(recursive=True)) >= 2 for w in workers))
        left, kept = ([psutil.Process(w.pid), *psutil.Process(w.pid).children(recursive=True)] for w in workers)
        leftovers.end(mine)
        assert not any(alive(process.pid) for process in left)
        assert all(alive(process.pid) for process in kept)
    finally:
        leftovers.end(tmp_path)
        for worker in workers:
            worker.kill(grace=0)


def test_a_request_that_a_crash_broke_off_is_not_taken_for_done(tmp_path, temporary):
    told = '{"event": "composited", "id": "a", "notices": []}'
    tell = f"""while [ "$1" != --events ]; do shift; done; echo '{told}' >> "$2"; echo no event >> "$2" """
    blender = program(tmp_path / "b", tell, "kill -SEGV $$")
    request = batch.SaveComposite("a", str(tmp_path), "t.blend", SCENES[0], str(tmp_path / "a.blend"))
    with pytest.raises(FarmError, match="the worker was ended by SIGSEGV and did not do it"):
        do_one(blender, request)


def test_a_worker_whose_log_was_deleted_still_says_how_it_ended(tmp_path, temporary):
    blender = program(tmp_path / "b", "echo Error: no luck", "read line", "exit 5")
    worker = LocalWorker("w", Launch(blender, Reach()), tmp_path / "logs")
    other = LocalWorker("v", Launch(blender, Reach()), tmp_path / "more")
    shutil.rmtree(tmp_path / "logs")
    for it in (worker, other):
        it.finish()
        wait_for(lambda it=it: it.exit_code is not None)
        assert it.events() == []
    assert worker.how_it_ended() == "ended with exit code 5"
    assert other.how_it_ended() == "ended with exit code 5 (Error: no luck)"


@needs_proc
def test_a_blender_in_a_long_render_call_ends_when_its_driver_is_killed(dataset, template, tmp_path, temporary):
    """A frame of so many samples takes minutes: nothing but the end of its feed tells it."""
    out = tmp_path / "out"
    run = start_farm(
        "body", "render", Dataset.at(dataset).body_job, "--data", dataset, "--out", out, "--template", template,
        "--workers", 1, "--engine", "cycles", "--samples", 4096, "--size", "1280x720", "--no-mux",
    )  # fmt: skip
    wait_for(lambda: any(event["event"] == "rendering" for event in events(out)) or run.poll() is not None)
    assert run.poll() is None, run.stderr.read()
    time.sleep(1)
    pid = worker_pid(out)
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_for(lambda: not alive(pid))
    assert not any(event["event"] == "frame" for event in events(out))
    assert list(temporary.iterdir()) == []
    assert not list(out.rglob("*.mkv"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_what_blender_says_of_a_crash_stays_beside_its_log(tmp_path, temporary):
    program = tmp_path / "crashing-blender"
    program.write_text('#!/bin/sh\necho "# backtrace" > "$TMPDIR/blender.crash.txt"; kill -SEGV $$\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    worker = LocalWorker("worker-1", Launch(Blender(program, "4.5.0"), Reach()), tmp_path / "logs")
    wait_for(lambda: worker.exit_code is not None)
    assert "SIGSEGV" in worker.how_it_ended()
    assert (tmp_path / "logs" / "worker-1.blender.crash.txt").read_text() == "# backtrace\n"
    assert list(temporary.iterdir()) == []
    assert not psutil.pid_exists(worker.pid)
