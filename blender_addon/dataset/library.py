"""The data set as Python asks for it: `from blender_addon.dataset import Dataset`.

data = Dataset("/data/interact")
for scene in data.scenes(emotion="anger"):
    him, her = scene.performances
    print(scene, scene.relationship, him.arkit().shape, him.wav().seconds)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import databases, layout, queries
from .databases import Actor, Scenario
from .naming import PerformanceId, SceneId
from .performance import Performance
from .queries import Filter, Pair, Scene


@dataclass(frozen=True)
class Dataset(layout.Dataset):
    """A data set, to be asked: its scenes, who plays them, and what a performance holds.

    It has the paths of layout.Dataset as well. DatasetError where `root` is no data set's root folder, and from every
    method where the files say nothing or something else than they should; its message is a sentence that says which.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).absolute())
        self.require()

    def scenes(
        self,
        *,
        emotion: str = "",
        relationship: str = "",
        actor: str = "",
        actors: tuple[str, str] | None = None,
        date: str = "",
        text: str = "",
        min_seconds: float = 0.0,
        missing: str = "",
    ) -> list[Scene]:
        """The scenes that are all of what is given, by date and scenario: `data.scenes(emotion="anger", actor="001")`.

        Arguments are those of queries.Filter. A scene is there if any file of it is.
        """
        wanted = Filter(emotion, relationship, actor, actors, date, text, min_seconds, missing)
        return queries.scenes(self, wanted)

    def scene(self, name: str | SceneId) -> Scene:
        """One scene by its name, such as `20231119_012`."""
        return queries.scene(self, SceneId.parse(name) if isinstance(name, str) else name)

    def performance(self, name: str | PerformanceId) -> Performance:
        """What one actor did in a scene, by its name, such as `20231119_001_012`; no file is looked for yet."""
        return Performance(PerformanceId.parse(name) if isinstance(name, str) else name, self)

    def pairs(self, date: str = "") -> list[Pair]:
        """Who met whom, a row a session, by date; of one day alone if it is given."""
        return queries.pairs(self, date)

    def actors(self) -> dict[str, Actor]:
        """All actors by their number in three digits, with their gender."""
        return databases.actors(self)

    def scenarios(self) -> dict[str, Scenario]:
        """What the actors were asked to play, by the scenario's number in three digits."""
        return databases.scenarios(self)
