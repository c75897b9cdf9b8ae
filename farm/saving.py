"""One scene or face composited and saved as a .blend file, to open and look at."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch, naming
from blender_addon.dataset.layout import Dataset

from . import blender as blenders
from . import templates
from .errors import FarmError
from .executors.local import do_one


@dataclass(frozen=True)
class Saved:
    """What a user should know of a composite that was saved, and what became of its contacts as plain data
    (scene/contact_report.py), where that was asked for."""

    notices: tuple[str, ...]
    report: dict[str, Any] | None = None


def save(
    name: str,
    dataset: Dataset,
    path: Path | str,
    template: templates.Template,
    *,
    blender: Path | str | None = None,
    camera: str = "",
    pin_feet: bool = False,
    report: bool = False,
) -> Saved:
    """Composite what `name` names in a template and save it; options as of batch.SaveComposite.

    FarmError, before Blender starts, where the head of one of its actors is broken.
    """
    path = Path(path).absolute()
    if path.suffix != ".blend":
        raise FarmError(f"{path}: the name to save under ends in .blend")
    named = naming.parse(name)
    heads = templates.heads_of(template, dataset, [named])
    if named in heads.refused:
        raise FarmError(heads.refused[named])
    found = blenders.find(blender)
    with tempfile.TemporaryDirectory(prefix="interact-farm-") as folder:
        if template.builtin and not template.path.is_file():
            # The data set may be read-only: only a run keeps the template there.
            template = replace(template, path=Path(folder) / template.path.name)
        templates.build(template, found)
        request = batch.SaveComposite(
            name, str(dataset.root), str(template.path), name, str(path), camera, dataset.subset, pin_feet, report
        )
        done = do_one(found, request)
        return Saved((*heads.notices, *done["notices"]), done.get("report"))
