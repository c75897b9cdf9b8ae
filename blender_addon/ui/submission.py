"""A job that was given to the farm: its folder, its run, and how far that is. Needs no bpy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..dataset import jobs
from ..dataset.errors import DatasetError
from ..dataset.naming import PerformanceId, SceneId
from ..dataset.results import RUNS_FOLDER
from .farm_process import Detached, Watched, problem_in

#: Between two looks for a run that has not begun, seconds.
_LOOK_SECONDS = 1.5


@dataclass(frozen=True)
class Places:
    """farm: the program; data: the data set's root; output: the folder of the results."""

    farm: Path
    data: Path
    output: Path

    @property
    def options(self) -> list[str]:
        """As the farm's commands have them."""
        return ["--data", str(self.data), "--out", str(self.output)]

    @property
    def submitted(self) -> Path:
        """Where each submitted job has a folder."""
        return self.output / RUNS_FOLDER / "submitted"


@dataclass
class Submission:
    """One job. run: its id, "" until the farm has begun it; status: what the farm last said of it; problem: why it
    could not be begun or looked at."""

    places: Places
    folder: Path
    run: str = ""
    status: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    _driver: Detached | None = None
    _watch: Watched | None = None
    _canceller: Detached | None = None
    _looked: float = 0.0
    _over: bool = False

    @classmethod
    def new(cls, places: Places, names: Sequence[SceneId | PerformanceId]) -> Submission:
        """A folder with the job; DatasetError where it cannot be made."""
        stem = places.submitted / time.strftime("%Y%m%d-%H%M%S")
        folder = stem
        try:
            while folder.exists():
                folder = stem.with_name(f"{stem.name}-{time.monotonic_ns() % 1000:03d}")
            folder.mkdir(parents=True)
            jobs.write(folder / "job.txt", names)
        except OSError as error:
            raise DatasetError(f"{folder}: cannot be written ({error.strerror or error})") from error
        return cls(places, folder)

    @classmethod
    def newest(cls, places: Places) -> Submission:
        """The job that was submitted last; DatasetError where there is none."""
        found = sorted(path.parent for path in places.submitted.glob("*/job.txt"))
        if not found:
            raise DatasetError(f"{places.submitted}: nothing was submitted to the farm here")
        return cls(places, found[-1])

    @property
    def job(self) -> Path:
        return self.folder / "job.txt"

    @property
    def template(self) -> Path:
        return self.folder / "template.blend"

    @property
    def log(self) -> Path:
        """All that the farm says."""
        return self.folder / "farm.log"

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to look for."""
        return self._over

    @property
    def state(self) -> str:
        """The run's state in a word, as the farm has it; "starting" before it has begun."""
        if self.status:
            return str(self.status.get("state", ""))
        return "failed" if self._over else "starting"

    def start(self, arguments: Sequence[str]) -> None:
        """Have the farm do it, beside Blender; DatasetError where it does not start."""
        try:
            self._driver = Detached([str(self.places.farm), *arguments], self.log)
        except OSError as error:
            raise DatasetError(f"{self.places.farm}: does not start ({error.strerror or error})") from error
        self._over, self._looked, self.problem = False, 0.0, ""

    def retry(self) -> None:
        """Have the farm go on with it."""
        if not self.run:
            raise DatasetError(f"{self.folder}: the farm never began it; submit it again")
        self.status = {}
        self.start(["runs", "retry", self.run, *self.places.options])

    def cancel(self) -> None:
        """Have the farm end it; what is whole stays."""
        if not self.run:
            raise DatasetError("the farm has not begun yet; cancel it in a moment")
        try:
            command = [str(self.places.farm), "runs", "cancel", self.run, *self.places.options]
            self._canceller = Detached(command, self.log)
        except OSError as error:
            raise DatasetError(f"{self.places.farm}: does not start ({error.strerror or error})") from error

    def look(self) -> bool:
        """Take in what there is to know, without waiting; whether it is other than before."""
        if self._over:
            return False
        driver_gone = self._driver is not None and self._driver.exit_code is not None
        if self._watch is None:
            if time.monotonic() - self._looked >= _LOOK_SECONDS:
                self._looked = time.monotonic()
                self._ask()
            return False
        said, ended = self._watch.newest(), not self._watch.is_running
        changed = self._hear(said)
        if ended:
            self._watch = None
            if self.status and self.status.get("state") != "running":
                self._over = driver_gone or self._driver is None
            elif not self.status and not self.run and (driver_gone or self._driver is None):
                self._over = True
                self.problem = problem_in(self.log) or "interact-farm ended without a word"
            return True
        return changed

    def close(self) -> None:
        """Look no more; the farm goes on."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._over = True

    def _ask(self) -> None:
        which = ["list", "--json"] if not self.run else ["status", self.run, "--watch", "--json"]
        try:
            self._watch = Watched([str(self.places.farm), "runs", *which, *self.places.options])
        except OSError as error:
            self.problem = f"{self.places.farm}: does not start ({error.strerror or error})"
            self._over = True

    def _hear(self, said: Any) -> bool:
        if isinstance(said, list):
            mine = [run for run in said if isinstance(run, dict) and run.get("job") == str(self.job)]
            if mine and not self.run:
                self.run = str(mine[0].get("id", ""))
                self._looked = 0.0
            return False
        if not isinstance(said, dict) or said.get("id") != self.run or said == self.status:
            return False
        self.status = said
        return True
