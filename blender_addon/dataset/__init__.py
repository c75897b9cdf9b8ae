"""What the files of the data set mean. numpy and the standard library only: no bpy, no farm.

`from blender_addon.dataset import Dataset` is the way in for Python programs, see library.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .library import Dataset

__all__ = ["Dataset"]


def __getattr__(name: str) -> Any:
    """Loads what is exported when it is first asked for: modules of this package are imported one by one elsewhere."""
    if name == "Dataset":
        from .library import Dataset

        return Dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
