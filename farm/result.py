"""What became of a scene: a row of every command's last table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SceneResult:
    """What became of a scene. seconds: its workers' render time, 0 if it was there already."""

    scene: str
    frames: int
    seconds: float
    file: Path | None
    problem: str = ""
    notices: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The problem with the scene's name before it, once."""
        named = f": {self.scene}: " in f": {self.problem}"
        return self.problem if named else f"{self.scene}: {self.problem}"
