"""What becomes of contacts on the rigs of a scene, for reading: the facts of `scene/contact_report.py`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def show(console: Console, facts: dict[str, Any]) -> None:
    """Print how far standing feet slide and how near the two people's wrists come."""
    table = Table("actor", "foot", "contacts", "frames", "in the capture", "on the rig", "pinned", box=None)
    for foot in facts["feet"]:
        slides = (foot[name] for name in ("captured_mm", "rig_mm", "pinned_mm"))
        counts = str(foot["contacts"]), str(foot["frames"])
        table.add_row(foot["actor"], foot["foot"], *counts, *("" if mm is None else f"{mm:.1f} mm" for mm in slides))
    if facts["feet"]:
        console.print("How far a standing foot slides, a contact:")
        console.print(table)
    for actor, lowered in facts["lowered_mm"].items():
        if lowered:
            console.print(f"actor {actor}: hips up to {lowered:.0f} mm lower, so that the feet reach their places")
    wrists = facts["wrists"]
    if wrists:
        console.print(
            f"Nearest wrists: {wrists['captured_mm']:.0f} mm in the capture at frame {wrists['captured_frame']}, "
            f"there {wrists['rig_then_mm']:.0f} mm on the rigs; {wrists['rig_mm']:.0f} mm on the rigs at frame "
            f"{wrists['rig_frame']}",
            soft_wrap=True,
        )
