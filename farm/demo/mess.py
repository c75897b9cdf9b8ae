"""What is wrong with real files: put into a few of a made data set, on purpose."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from blender_addon.dataset import bvh
from blender_addon.dataset.blendshapes import save_weights
from blender_addon.dataset.layout import FPS, Dataset
from blender_addon.dataset.naming import PerformanceId

from .files import write_whole
from .speech import write_wav


def make_mess(dataset: Dataset, performances: list[PerformanceId]) -> tuple[str, ...]:
    """Spoil files of the first four performances, those of two scenes; one sentence a defect.

    Every defect is one that a reader can put right or report; none makes a scene unusable.
    """
    first, second, third, fourth = performances[:4]
    bodies = dataset.bvhs_retarget
    return (
        _spoil_number(bodies / f"{first}.bvh", frame=10, joint="LeftHand"),
        _shorten_face((dataset.face_arkit(first), dataset.face_ict(first)), 3),
        _cut_frames(bodies / f"{second}.bvh", 4),
        _miscount(bodies / f"{third}.bvh", 5),
        _lengthen_sound(dataset.wav(third), 7),
        _windows_lines(bodies / f"{fourth}.bvh"),
        _remove(dataset.wav(fourth)),
        _untidy(dataset.body_job),
    )


def _spoil_number(path: Path, frame: int, joint: str) -> str:
    skeleton = bvh.read_header(path).skeleton
    column = sum(map(len, skeleton.channels[: skeleton.names.index(joint)]))
    lines, start = _lines(path)
    numbers = lines[start + frame - 1].split()
    numbers[column] = "nan"
    lines[start + frame - 1] = " ".join(numbers)
    _write(path, lines)
    return f"bvhs_retarget/{path.name}: joint {joint} has a NaN in frame {frame}."


def _shorten_face(paths: tuple[Path, ...], frames: int) -> str:
    for path in paths:
        save_weights(path, np.load(path)[:-frames])
    return f"face_arkit/{paths[0].name} and face_ict/{paths[0].name}: {frames} frames shorter than the body."


def _cut_frames(path: Path, frames: int) -> str:
    lines, start = _lines(path)
    del lines[-frames:]
    _declare(lines, start, len(lines) - start)
    _write(path, lines)
    return f"bvhs_retarget/{path.name}: {frames} frames shorter than face and sound."


def _miscount(path: Path, frames: int) -> str:
    lines, start = _lines(path)
    _declare(lines, start, len(lines) - start + frames)
    _write(path, lines)
    return f"bvhs_retarget/{path.name}: its Frames: line says {frames} more than there are."


def _lengthen_sound(path: Path, frames: int) -> str:
    with wave.open(str(path), "rb") as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32767.0
        silence = np.zeros(frames * file.getframerate() // FPS)
    write_wav(path, np.concatenate((sound, silence)))
    return f"wav/{path.name}: {frames} frames longer than the body."


def _windows_lines(path: Path) -> str:
    write_whole(path, path.read_bytes().replace(b"\n", b"\r\n"))
    return f"bvhs_retarget/{path.name}: lines end with CR LF."


def _remove(path: Path) -> str:
    path.unlink()
    return f"wav/{path.name}: is missing."


def _untidy(job: Path) -> str:
    lines = job.read_text(encoding="utf-8").splitlines()
    untidy = ["# scenes to render", lines[0], "", *lines[1:], lines[0]]
    write_whole(job, "".join(f"{line}\r\n" for line in untidy).encode())
    return f"scripts/{job.name}: lines end with CR LF; has a comment, an empty line, and {lines[0]} twice."


def _lines(path: Path) -> tuple[list[str], int]:
    """The lines of a BVH file, and the index of the first frame."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines, next(n for n, line in enumerate(lines) if line.startswith("Frame Time:")) + 1


def _declare(lines: list[str], start: int, frames: int) -> None:
    lines[start - 2] = f"Frames: {frames}"


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())
