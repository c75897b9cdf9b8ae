"""Scene and performance ids: the names that job files and every file of the data set are built from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import DatasetError

_SCENE = re.compile(r"(\d{8})_(\d{3})", re.ASCII)
_PERFORMANCE = re.compile(r"(\d{8})_(\d{3})_(\d{3})", re.ASCII)


class NamingError(DatasetError):
    """A text that is not the id it should be."""


@dataclass(frozen=True, order=True)
class SceneId:
    """One recorded scene of two actors, written `<date>_<scenario>`, such as `20231119_012`."""

    date: str
    scenario: str

    @classmethod
    def parse(cls, text: str) -> SceneId:
        """Read `<date>_<scenario>` (8 and 3 digits); anything else raises NamingError."""
        match = _SCENE.fullmatch(text)
        if not match:
            raise NamingError(f"{text!r} is not a scene: write <date>_<scenario>, such as 20231119_012")
        return cls(*match.groups())

    def performance(self, actor: str) -> PerformanceId:
        """What one of the scene's actors did in it."""
        return PerformanceId(self.date, actor, self.scenario)

    def __str__(self) -> str:
        return f"{self.date}_{self.scenario}"


@dataclass(frozen=True, order=True)
class PerformanceId:
    """One actor's part in a scene, written `<date>_<actor>_<scenario>`, such as `20231119_001_012`."""

    date: str
    actor: str
    scenario: str

    @classmethod
    def parse(cls, text: str) -> PerformanceId:
        """Read `<date>_<actor>_<scenario>` (8, 3 and 3 digits); anything else raises NamingError."""
        match = _PERFORMANCE.fullmatch(text)
        if not match:
            raise NamingError(
                f"{text!r} is not a performance: write <date>_<actor>_<scenario>, such as 20231119_001_012"
            )
        return cls(*match.groups())

    @property
    def scene(self) -> SceneId:
        """The scene that this performance is a part of."""
        return SceneId(self.date, self.scenario)

    def __str__(self) -> str:
        return f"{self.date}_{self.actor}_{self.scenario}"


def parse(text: str) -> SceneId | PerformanceId:
    """Read either; anything else raises NamingError."""
    return PerformanceId.parse(text) if text.count("_") == 2 else SceneId.parse(text)
