"""What the check of one file gives: facts to compare it with others by, and findings."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from .findings import Code


@dataclass(frozen=True)
class Bones:
    """A skeleton to compare with others: names with parents, and offsets (J, 3) from the parent, the root's left out.

    The root's offset is where an actor stands in some files.
    """

    tree: Hashable
    offsets: np.ndarray


@dataclass
class Facts:
    """What one file is.

    frames and seconds: 0 where they are not known for certain; rate: of frames or samples a second; bones: of motions.
    found: what is wrong, with the rest of its sentence.
    """

    frames: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    bones: Bones | None = None
    found: list[tuple[Code, str]] = field(default_factory=list)

    def tell(self, code: Code, text: str) -> None:
        self.found.append((code, text))


def said(error: DatasetError, path: Path) -> str:
    """What an error says of a file, without the name that a finding has already."""
    return str(error).removeprefix(f"{path}: ")
