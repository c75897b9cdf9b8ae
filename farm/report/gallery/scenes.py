"""What a run's scenes are about, as the data set's databases say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blender_addon.dataset import databases, layout, naming, sentences
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId


@dataclass(frozen=True)
class About:
    """A scene in words, each "" where it is not known. actors: their ids, male first."""

    actors: tuple[str, ...] = ()
    relationship: str = ""
    emotion: str = ""
    characters: str = ""
    text: str = ""


class Scenes:
    """The scenes of a data set; empty ones where its databases are not there, for the gallery shows results too."""

    def __init__(self, data: Path | str, subset: str = "") -> None:
        # The record may say anything.
        self._dataset = Dataset(Path(data), subset if subset in layout.SUBSETS else "")
        self._sentences = sentences.sentences(self._dataset) if self._dataset.subset else {}
        try:
            self._scenarios = databases.scenarios(self._dataset)
        except DatasetError:
            self._scenarios = {}
        try:
            self._sessions = databases.sessions(self._dataset)
        except DatasetError:
            self._sessions = {}

    def about(self, name: str) -> About:
        """Of a scene or a face, by its name."""
        try:
            found = naming.parse(name)
            if self._dataset.subset and isinstance(found, PerformanceId):
                return About((found.actor,), text=self._sentences.get(found.scenario, ""))
        except DatasetError:
            return About()  # a line of the job that names no scene
        session = self._sessions.get(found.date)
        actors = (found.actor,) if isinstance(found, PerformanceId) else session.actors if session else ()
        play = self._scenarios.get(found.scenario)
        if play is None:
            return About(actors)
        return About(actors, play.relationship, play.emotion, play.characters, play.text)
