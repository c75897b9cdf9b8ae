"""What is wrong with a result, as `verify` found it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: What can be wrong. "altered": a frame is another than was rendered, and none of this scene's.
KINDS = ("missing", "truncated", "swapped", "duplicated", "black", "altered", "sound")

#: What puts it right. RENDER, its job again, makes it anew; OVERWRITE is needed where that keeps it; INPUT: the data or
#: the line of the job is at fault.
RENDER, OVERWRITE, INPUT = "render", "overwrite", "input"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a result.

    kind: of KINDS; frames: the first and last it is about, if any; cure: RENDER, OVERWRITE or INPUT.
    """

    name: str
    kind: str
    file: Path
    text: str
    frames: tuple[int, int] | None = None
    cure: str = RENDER
