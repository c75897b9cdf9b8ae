"""The extra recordings of one actor who speaks sentences, alone: `lip_acc/`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blender_addon.dataset.blendshapes import save_weights
from blender_addon.dataset.layout import FPS, Dataset
from blender_addon.dataset.naming import PerformanceId

from .attention import attend
from .conversation import Part, Phrase, converse
from .face import face_weights, to_ict
from .files import write_whole
from .scenarios import emotion
from .skeletons import actors, sessions
from .speech import SAMPLE_RATE, speak, write_wav

_ACTOR = "006"
_SUBSET = "lip_acc"


def lip_acc_job(root: Path) -> Path:
    """The job file of all sentences."""
    return root / "scripts" / f"{_SUBSET}_render_job.txt"


def make_sentences(root: Path, count: int, frames: int, seed: int) -> list[Path]:
    """Make sentences 1 to `count` of actor 006, `frames` long each, their text and their job file; what was made."""
    dataset = Dataset(root, _SUBSET)
    date = next(session.date for session in sessions() if _ACTOR in session.actors)
    lines, names, made = [], [], []
    for number in range(1, count + 1):
        performance = PerformanceId(date, _ACTOR, f"{number:03d}")
        names.append(f"{performance}\n")
        lines.append(f"{number}. {_make_sentence(dataset, performance, frames, [seed, 1000 + number])}\n")
        made += [dataset.face_ict(performance), dataset.face_arkit(performance), dataset.wav(performance)]
    texts = {
        dataset.recordings / f"{_SUBSET}_sentences.txt": lines,
        lip_acc_job(root): names,
    }
    for path, text in texts.items():
        write_whole(path, "".join(text).encode())
    return [*made, *texts]


def _make_sentence(dataset: Dataset, performance: PerformanceId, frames: int, seed: list[int]) -> str:
    plan, gaze, face, voice = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4))
    neutral = emotion("neutral")
    times = np.arange(frames) / FPS
    # Of two in a conversation the one who says more, alone.
    said = max(converse(plan, frames / FPS, neutral.energy), key=lambda part: len(part.turns))
    part = Part(said.turns)
    weights = face_weights(face, part, attend(gaze, part, times, neutral.energy), neutral, times)
    for path, content in (
        (dataset.face_arkit(performance), weights),
        (dataset.face_ict(performance), to_ict(weights)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_weights(path, content)
    wav = dataset.wav(performance)
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, speak(voice, actors()[_ACTOR], part.phrases, frames * SAMPLE_RATE // FPS, neutral.pitch))
    return " ".join(map(_spelled, part.phrases)).capitalize() + "."


def _spelled(phrase: Phrase) -> str:
    """A phrase as it sounds: a word begins where the stress is."""
    text = "".join(f"{' ' if s.stress > 0.5 else ''}{s.onset}{s.vowel}" for s in phrase.syllables)
    return text.replace("ə", "e").strip()
