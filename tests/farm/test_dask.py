"""Runs on real Dask: a scheduler with workers that are killed, processes of this machine, Slurm where there is one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.reach import Reach
from farm import video
from farm.blender import Blender
from farm.errors import FarmError
from farm.executors import cluster_file, place
from farm.executors.place import Place
from farm.launch import Launch
from farm.plan import Outputs

from .command_line import interact_farm, start_farm
from .test_run import SCENES, chunks, kept_frames, pictures, wait_for

_LOOK = ("--engine", "workbench", "--size", "64x36", "--chunk", "6")


@pytest.fixture(scope="module")
def arguments(dataset, template) -> tuple[object, ...]:
    job = Dataset.at(dataset).body_job
    return "body", "render", job, "--data", dataset, "--template", template, *_LOOK


@pytest.fixture(scope="module")
def undisturbed(arguments, tmp_path_factory) -> Path:
    """The same job, rendered by this machine's own workers."""
    out = tmp_path_factory.mktemp("undisturbed")
    done = interact_farm(*arguments, "--out", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return out


def require_same(out: Path, undisturbed: Path) -> None:
    """Every picture and the sound are those of the undisturbed run."""
    for scene in SCENES:
        name = f"body_renders_noaudio/{scene}.mkv"
        assert pictures(out / name) == pictures(undisturbed / name)
        video.check(out / "body_renders" / f"{scene}.mp4", frames=36)


def attempts(out: Path) -> list[sqlite3.Row]:
    (record,) = Outputs(out).state.glob("*.sqlite")
    with closing(sqlite3.connect(record)) as db:
        db.row_factory = sqlite3.Row
        return db.execute("SELECT * FROM attempts ORDER BY id").fetchall()


def workers_of(out: Path) -> list[psutil.Process]:
    """The processes that render into a folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(word.endswith("worker.py") for word in words) and any(str(out) in word for word in words):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, str]:
    """Dask's settings for TLS, as a user has them in his environment."""
    from distributed import Security

    made, folder = Security.temporary(), tmp_path_factory.mktemp("keys")
    settings = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    (folder / "ca.pem").write_text(made.tls_ca_file)
    settings["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = str(folder / "ca.pem")
    for role in ("client", "scheduler", "worker"):
        for kind in ("cert", "key"):
            path = folder / f"{role}-{kind}.pem"
            path.write_text(getattr(made, f"tls_{role}_{kind}"))
            settings[f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__{kind.upper()}"] = str(path)
    return settings


@pytest.fixture
def scheduler(keys, tmp_path, monkeypatch):
    """A scheduler with TLS and two workers: the scheduler's file, and all three processes."""
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    common = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "tls://127.0.0.1", "--port", "0",
             "--no-dashboard", "--scheduler-file", file], **common,
        )
    ]  # fmt: skip
    wait_for(file.is_file)
    for number in range(2):
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", "1",
                 "--no-nanny", "--no-dashboard", "--name", f"w{number}", "--local-directory", tmp_path], **common,
            )
        )  # fmt: skip
    yield file, started
    for process in started:
        process.kill()
        process.wait()


def test_a_killed_worker_of_a_scheduler_costs_its_chunk_in_flight_alone(arguments, undisturbed, scheduler, tmp_path):
    file, (_, *dask_workers) = scheduler
    out = tmp_path / "out"
    driver = start_farm(*arguments, "--out", out, "--scheduler", file)
    wait_for(lambda: len(chunks(out)) >= 2 and len(workers_of(out)) == 2)
    (blender,) = [process for process in workers_of(out) if process.ppid() == dask_workers[0].pid]
    before = chunks(out)
    dask_workers[0].kill()
    assert driver.wait(120) == 0, driver.stderr.read()
    require_same(out, undisturbed)
    # Nobody feeds the killed one's Blender: it ended with it.
    wait_for(lambda: not blender.is_running())
    tried = Counter((row["task"], row["first"], row["last"]) for row in attempts(out))
    assert sum(tried.values()) <= len(tried) + 1
    for name in before:
        scene, first = name[:12], int(name.rpartition("/")[2][:6])
        assert sum(count for (task, begin, _), count in tried.items() if (task, begin) == (scene, first)) == 1
    wait_for(lambda: not workers_of(out))
    assert dask_workers[1].poll() is None
    # The other worker is as it was, for the next run.
    again = interact_farm(*arguments, "--out", out, "--scheduler", file, "--overwrite", "--no-mux", "--frames", "1-6")
    assert again.returncode == 0, again.stderr


def test_an_interrupted_driver_leaves_no_blender_with_the_scheduler(arguments, undisturbed, scheduler, tmp_path):
    out = tmp_path / "out"
    driver = start_farm(*arguments, "--out", out, "--scheduler", scheduler[0])
    wait_for(lambda: chunks(out))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(120) != 0
    wait_for(lambda: not workers_of(out))
    kept, frames = chunks(out), kept_frames(out, 36)
    done = interact_farm(*arguments, "--out", out, "--executor", "dask", "--workers", 2)
    assert done.returncode == 0, done.stderr
    require_same(out, undisturbed)
    assert kept
    again = {(row["task"], row["first"]) for row in attempts(out) if row["start"] == 2}
    assert len(again) == 12 - frames // 6
    assert not again & {(name[:12], int(name.rpartition("/")[2][:6])) for name in kept}
    wait_for(lambda: not workers_of(out))


def test_a_lost_scheduler_ends_the_run_with_a_sentence_and_it_goes_on_elsewhere(
    arguments, undisturbed, scheduler, tmp_path, monkeypatch
):
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "3s")
    file, (the_scheduler, *dask_workers) = scheduler
    out = tmp_path / "out"
    driver = start_farm(*arguments, "--out", out, "--scheduler", file)
    wait_for(lambda: chunks(out))
    the_scheduler.kill()
    assert driver.wait(120) == 1
    assert "went away; start again, finished chunks are kept" in driver.stderr.read()
    for process in dask_workers:
        process.kill()
    wait_for(lambda: not workers_of(out))
    kept = chunks(out)
    done = interact_farm(*arguments, "--out", out, "--workers", 2)
    assert done.returncode == 0, done.stderr
    require_same(out, undisturbed)
    again = {(row["task"], row["first"]) for row in attempts(out) if row["start"] == 2}
    assert not again & {(name[:12], int(name.rpartition("/")[2][:6])) for name in kept}


def test_blenders_end_when_their_driver_is_silent(tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    from farm.executors import dask_executor, dask_node

    monkeypatch.setattr(dask_node, "_DRIVER_GONE_SECONDS", 4.0)
    monkeypatch.setattr(dask_executor, "_BEAT_SECONDS", 0.5)
    launch = Launch(Blender(None, "module"), Reach((), (), ()))
    # In this process, so that the patience can be shortened.
    options = {"processes": False, "dashboard_address": None, "protocol": "tcp", "host": "127.0.0.1"}
    with LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster, Client(cluster) as client:
        executor = dask_executor.DaskExecutor(client, cluster.scheduler_address, launch, tmp_path / "logs")
        worker = executor.start("worker-1")
        told: list[str] = []

        def is_ready() -> bool:
            executor.wait(0.05)  # in which it says that it is there
            told.extend(event["event"] for event in worker.events())
            return "ready" in told

        wait_for(is_ready)
        blender = psutil.Process(worker.pid)
        # From here on it says nothing.
        wait_for(lambda: not blender.is_running())
        assert worker.wait(60) is not None
        assert "ended" in worker.how_it_ended()
        executor.close()


def test_a_run_that_ends_before_it_begins_leaves_nothing_with_the_scheduler(tmp_path):
    from distributed import LocalCluster

    options = {"processes": False, "dashboard_address": None, "protocol": "tcp", "host": "127.0.0.1"}
    with LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster:
        (worker,) = cluster.workers.values()
        before = set(worker.plugins)
        where = Place("dask", cluster.scheduler_address)
        seen = set()
        with suppress(FarmError), place.opened(where, None, tmp_path, 1, None):
            seen = set(worker.plugins)
            raise FarmError("nothing was begun")
        assert seen > before
        assert set(worker.plugins) == before


def slurm_answers() -> bool:
    asked = shutil.which("sinfo") and subprocess.run(["sinfo"], capture_output=True, timeout=30, check=False)
    return bool(asked) and asked.returncode == 0


@pytest.mark.skipif(not slurm_answers(), reason="needs a running Slurm")
def test_a_cancelled_slurm_job_costs_its_chunk_in_flight_alone(arguments, undisturbed, tmp_path):
    file = tmp_path / "cluster.toml"
    file.write_text('kind = "slurm"\njobs = 2\ncores = 1\nmemory = "1GB"\nwalltime = "00:30:00"\n')
    out = tmp_path / "out"
    driver = start_farm(*arguments, "--out", out, "--cluster", file)
    wait_for(lambda: len(chunks(out)) >= 2 and len(workers_of(out)) == 2, 180)
    squeue = ["squeue", "-h", "-o", "%i", "-n", "interact-farm"]
    listed = subprocess.run(squeue, capture_output=True, text=True, check=True).stdout.split()
    before = chunks(out)
    subprocess.run(["scancel", listed[0]], check=True)
    assert driver.wait(180) == 0, driver.stderr.read()
    require_same(out, undisturbed)
    tried = Counter((row["task"], row["first"]) for row in attempts(out))
    assert sum(tried.values()) <= 12 + 1
    assert all(tried[name[:12], int(name.rpartition("/")[2][:6])] == 1 for name in before)
    wait_for(lambda: not subprocess.run(squeue, capture_output=True, text=True, check=True).stdout.split(), 60)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://render.example.org:8786", "whoever can reach a Dask without TLS can run anything there"),
        ("render.example.org:8786", "without TLS"),
        ("http://localhost:8786", "is no address of a Dask scheduler"),
        ("localhost", "is no address of a Dask scheduler"),
        ("tls://render.example.org:port", "is no address of a Dask scheduler"),
    ],
)
def test_a_scheduler_is_not_reached_in_the_clear_and_must_be_an_address(address, sentence, tmp_path):
    with (
        pytest.raises(FarmError, match=sentence),
        place.opened(Place("dask", address), None, tmp_path, 1, None),
    ):
        pass


def test_a_scheduler_that_is_not_there_is_one_sentence(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr(place, "_CONNECT_SECONDS", 2)
    with (
        pytest.raises(FarmError, match="no Dask scheduler answers there"),
        place.opened(Place("dask", "tcp://127.0.0.1:9"), None, tmp_path, 1, None),
    ):
        pass
    both = interact_farm(*arguments, "--scheduler", "tls://a:1", "--cluster", "c.toml")
    assert both.returncode == 2
    assert "name one of them" in both.stderr


_WHOLE = 'kind = "slurm"\njobs = 2\ncores = 4\nmemory = "16GB"\nwalltime = "08:00:00"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('kind = "slurm"\n', "lacks jobs, cores, memory, walltime"),
        (_WHOLE.replace("slurm", "cloud"), "it must be one of slurm, pbs, sge, lsf"),
        (_WHOLE + 'que = "x"\n', "no setting 'que'; there are kind, jobs"),
        (_WHOLE.replace("jobs = 2", "jobs = 0"), "jobs is 0; it must be a number from 1"),
        (_WHOLE.replace("jobs = 2", 'jobs = "2"'), "jobs is '2'; it must be a number from 1"),
        (_WHOLE.replace("08:00:00", "8h"), "write .D-.HH:MM:SS"),
        (_WHOLE.replace("16GB", "much"), "write a size such as 16GB"),
        (_WHOLE + 'queue = "a\\n#SBATCH --uid=0"\n', "queue is .* it must be a text of one line"),
        (_WHOLE + 'directives = "x"\n', "directives is 'x'; it must be a list of texts"),
        ("kind = slurm", "is no TOML"),
    ],
)
def test_a_cluster_file_is_read_with_suspicion(text, sentence, tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    with pytest.raises(FarmError, match=sentence):
        cluster_file.read(path)


@pytest.mark.parametrize(("kind", "lines"), [
    ("slurm", ["#SBATCH -p render", "#SBATCH -A lab", "#SBATCH -t 26:00:00", "#SBATCH --gres=gpu:1"]),
    ("pbs", ["#PBS -q render", "#PBS -A lab", "walltime=26:00:00", "#PBS --gres=gpu:1"]),
    ("sge", ["#$ -q render", "#$ -P lab", "h_rt=26:00:00", "#$ --gres=gpu:1"]),
    ("lsf", ["#BSUB -q render", '#BSUB -P "lab"', "#BSUB -W 26:00", "#BSUB --gres=gpu:1"]),
])  # fmt: skip
def test_a_queue_is_asked_in_its_own_words(kind, lines, tmp_path):
    dask_jobqueue = pytest.importorskip("dask_jobqueue")
    path = tmp_path / "cluster.toml"
    path.write_text(
        _WHOLE.replace("slurm", kind).replace("08:00:00", "1-02:00:00")
        + 'queue = "render"\naccount = "lab"\ndirectives = ["--gres=gpu:1"]\nprologue = ["module load blender"]\n'
        + 'python = "/shared/python"\nworkers_per_job = 2\n'
    )
    file = cluster_file.read(path)
    assert (file.workers, file.seconds) == (4, 26 * 3600)
    job = getattr(getattr(dask_jobqueue, kind), f"{kind.upper()}Job")
    script = job("tls://127.0.0.1:1", name="w", **place._job(file, tmp_path)).job_script()
    for line in (*lines, "module load blender", "/shared/python -m", "--nworkers 2"):
        assert line in script
    assert script.rindex("--memory-limit 0") > script.index("--memory-limit ")
