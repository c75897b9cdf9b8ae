"""The voices of a scene, added to its video by the farm's command beside Blender."""

from __future__ import annotations

from pathlib import Path

from ..dataset import jobs
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from ..dataset.naming import SceneId
from ..dataset.results import RUNS_FOLDER
from .farm_process import Detached, problem_in

#: Instead of the sound, where there is no program that could add it.
NO_FARM = "has no sound yet: interact-farm was not found; name it in the preferences, or run `interact-farm body mux`"


class FarmSound:
    """See window_render.Sound. farm: the program, None where there is none; output: the folder of the results."""

    def __init__(self, farm: Path | None, dataset: Dataset, output: Path) -> None:
        self._farm, self._dataset, self._output = farm, dataset, output
        self._process: Detached | None = None

    def begin(self, scene: SceneId, video: Path) -> None:
        if self._farm is None:
            return
        folder = self._output / RUNS_FOLDER / "window"
        folder.mkdir(parents=True, exist_ok=True)
        job, log = folder / f"{scene}.txt", folder / f"{scene}.log"
        jobs.write(job, [scene])
        log.unlink(missing_ok=True)
        where = "--data", str(self._dataset.root), "--out", str(self._output)
        try:
            self._process = Detached([str(self._farm), "body", "mux", str(job), *where], log)
        except OSError as error:
            raise DatasetError(f"{self._farm}: does not start ({error.strerror or error})") from error

    def poll(self) -> str | None:
        if self._farm is None:
            return NO_FARM
        if self._process is None or self._process.exit_code is None:
            return None
        process, self._process = self._process, None
        if process.exit_code == 0:
            return ""
        why = problem_in(process.log) or f"interact-farm ended with exit code {process.exit_code}"
        return f"has no sound: {why}"
