"""The key of a blind comparison: which letter is which source, scene by scene."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blender_addon.dataset import partial

from ..errors import FarmError

LETTERS = "ABCDEF"


class Key:
    """A key file, which goes on with what is written there: its seed makes the same order again."""

    def __init__(self, path: Path, seed: int | None) -> None:
        """seed: of the order; None for that of the file, else for one of chance. Another seed begins the file anew."""
        there, scenes = _read(path)
        self._path = path
        self._seed = next(n for n in (seed, there, random.SystemRandom().randrange(2**32)) if n is not None)
        self._scenes = scenes if self._seed == there else {}

    def order(self, scene: str, sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The labels of a scene's sources in the order of their letters. sources: {label: what else is to be told}."""
        labels = sorted(sources)
        random.Random(f"{self._seed} {scene}").shuffle(labels)  # noqa: S311 - the order of a study, no secret
        self._scenes[scene] = {
            letter: {"label": label, **sources[label]} for letter, label in zip(LETTERS, labels, strict=False)
        }
        return labels

    def write(self) -> None:
        """Put it beside the videos."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = partial.beside(self._path)
        beside.write_text(json.dumps({"seed": self._seed, "scenes": self._scenes}, indent=2) + "\n", encoding="utf-8")
        beside.replace(self._path)


def _read(path: Path) -> tuple[int | None, dict[str, Any]]:
    """The seed and the scenes of a key file; (None, {}) where there is none."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return int(facts["seed"]), dict(facts["scenes"])
    except FileNotFoundError:
        return None, {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FarmError(f"{path}: is no key of a blind comparison ({error}); move it away") from error
