"""What one actor did in a scene: face weights, body motion and voice, read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import blendshapes, bvh, layout, sound
from .blendshapes import ARKIT_NAMES, ICT_NAMES
from .layout import Dataset
from .naming import PerformanceId, SceneId

#: The kinds of files of a performance: body motion (raw or retargeted), face weights of either kind, voice.
KINDS = ("motion", "arkit", "ict", "wav")


@dataclass(frozen=True)
class Performance:
    """One actor's part in a scene. Nothing is read before a method is called, and nothing is kept.

    Every method raises DatasetError, one sentence that names the file, where it is missing or not what it should be.
    """

    id: PerformanceId
    dataset: Dataset = field(repr=False, compare=False)

    def __str__(self) -> str:
        return str(self.id)

    @property
    def actor(self) -> str:
        """The actor's number in three digits, such as `001`."""
        return self.id.actor

    @property
    def scene(self) -> SceneId:
        """The scene that this is a part of."""
        return self.id.scene

    @property
    def files(self) -> dict[str, Path]:
        """Where the file of each of KINDS belongs; it need not be there."""
        dataset = self.dataset
        return {
            "motion": dataset.motion(self.id),
            "arkit": dataset.face_arkit(self.id),
            "ict": dataset.face_ict(self.id),
            "wav": dataset.wav(self.id),
        }

    @property
    def frames(self) -> int:
        """How long the body motion is at 30 frames a second, by the head of its file alone."""
        return bvh.resampled_length(*bvh.read_declared(self.dataset.motion(self.id)), layout.FPS)

    def arkit(self) -> np.ndarray:
        """ARKit weights (frames, 51), float32 from about 0 to 1, 30 frames a second; columns: `ARKIT_NAMES`.

        Mapped: what you index is read from the disk, and nothing else; it cannot be written to. Whether it is finite is
        not looked at (`interact-farm data check --deep` does).
        """
        return blendshapes.map_unread(self.dataset.face_arkit(self.id), len(ARKIT_NAMES), "ARKit")

    def ict(self) -> np.ndarray:
        """ICT weights (frames, 55), columns: `ICT_NAMES`; else as `arkit`."""
        return blendshapes.map_unread(self.dataset.face_ict(self.id), len(ICT_NAMES), "ICT")

    def key(self, name: str) -> np.ndarray:
        """One column of `arkit` by its name, such as `jawOpen`: (frames,). KeyError for a name that ARKit has not."""
        if name not in ARKIT_NAMES:
            raise KeyError(f"{name} is none of ARKit's keys: {', '.join(ARKIT_NAMES)}")
        return self.arkit()[:, ARKIT_NAMES.index(name)]

    def motion(self) -> bvh.Motion:
        """The body motion, as the file has it: `skeleton` (60 joints), `values` (frames, channels) in degrees and cm.

        The retargeted BVH, or the raw one where that is not there. The world is Y up. The text is parsed at each call
        (some tenths of a second a minute of motion): keep what you get.
        """
        return bvh.read(self.dataset.motion(self.id))

    def positions(self) -> np.ndarray:
        """Where every joint is: (frames, joints, 3) in cm, Y up, at the file's own frame rate, in the order of
        `motion().skeleton.names`. Both actors of a scene share one origin and one floor."""
        return bvh.forward_kinematics(self.motion())[0].transpose(2, 0, 1)

    def wav(self) -> sound.Sound:
        """The voice: `rate` in Hz, `seconds`, and `samples` (N, channels), mapped as `arkit` is."""
        return sound.read(self.dataset.wav(self.id))
