from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import live_link
from blender_addon.dataset.blendshapes import ARKIT_NAMES
from blender_addon.dataset.errors import DatasetError

# The app's own order is Apple's, not the alphabet's; the last nine are angles of head and eyes.
ORDER = [
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft",
    "EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight",
    "EyeSquintRight", "EyeWideRight", "JawForward", "JawRight", "JawLeft", "JawOpen", "MouthClose",
    "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft", "MouthSmileLeft", "MouthSmileRight",
    "MouthFrownLeft", "MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft",
    "MouthStretchRight", "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    "MouthPressLeft", "MouthPressRight", "MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft",
    "MouthUpperUpRight", "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut",
    "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw",
    "RightEyePitch", "RightEyeRoll",
]  # fmt: skip


def write(path: Path, codes: list[str], values: np.ndarray, names: list[str] = ORDER) -> Path:
    lines = [",".join(("Timecode", "BlendShapeCount", *names))]
    lines += [
        ",".join((code, str(len(names)), *(f"{v:.8f}" for v in row))) for code, row in zip(codes, values, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def codes(count: int, rate: int, start: float = 0.0) -> list[str]:
    """Time codes of consecutive pictures; start: seconds since midnight."""
    found = []
    for n in range(count):
        whole, frame = divmod(round(start * rate) + n, rate)
        hours, rest = divmod(whole % 86400, 3600)
        found.append(f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}:{frame:02d}.500")
    return found


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
@pytest.mark.parametrize("start", [3600.25, 86399.0])
def test_every_column_goes_to_its_key_at_its_time(tmp_path, rate, start):
    seconds = np.arange(3 * rate) / rate
    values = np.array([[0.01 * n + 0.1 * t for n in range(61)] for t in seconds])
    read = live_link.read(write(tmp_path / "take.csv", codes(len(seconds), rate, start), values))
    assert read.notices == ()
    assert read.weights.dtype == np.float32
    assert len(read.weights) == int(seconds[-1] * 30 + 1e-3) + 1
    for column, name in enumerate(ARKIT_NAMES):
        source = next(n for n, other in enumerate(ORDER) if other.lower() == name.lower())
        wanted = 0.01 * source + 0.1 * np.arange(len(read.weights)) / 30
        assert np.abs(read.weights[:, column] - wanted).max() < 1e-5, name


def test_a_picture_that_was_dropped_shifts_nothing(tmp_path):
    whole = codes(120, 60)
    values = np.repeat((np.arange(120) / 120)[:, None], 61, axis=1)
    kept = [n for n in range(120) if n not in (31, 32, 77)]
    read = live_link.read(write(tmp_path / "take.csv", [whole[n] for n in kept], values[kept]))
    assert len(read.weights) == 60
    assert np.abs(read.weights[:, 0] - np.arange(60) / 60).max() < 1e-6
    assert read.notices == ()


def test_a_pause_and_columns_that_lack_are_told(tmp_path):
    names = [name for name in ORDER if name not in ("JawOpen", "CheekPuff")]
    whole = codes(240, 60)
    kept = [n for n in range(240) if not 60 <= n < 180]
    read = live_link.read(write(tmp_path / "take.csv", [whole[n] for n in kept], np.ones((120, 59)), names))
    assert len(read.weights) == 120
    assert (read.weights[:, ARKIT_NAMES.index("jawOpen")] == 0).all()
    assert (read.weights[:, ARKIT_NAMES.index("jawLeft")] == 1).all()
    assert "has no columns cheekPuff, jawOpen" in read.notices[0]
    assert "nothing was recorded for 2.0 s" in read.notices[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no recording of Live Link Face"),
        ("a,b\n1,2\n", "is no recording of Live Link Face"),
        ("Timecode,BlendShapeCount,JawOpen\n", "holds no frames"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:01.0,61,0.5\n\nnonsense,61,0.5\n", "line 4 must have 3 values"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:01.0,61\n", "line 2 must have 3 values"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:01.0,61,x\n", "line 2 must have 3 values"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:01.0,61,nan\n", "row 1: jawOpen is not a finite number"),
        (
            "Timecode,BlendShapeCount,JawOpen\n00:00:05:01.0,61,0\n00:00:04:01.0,61,0\n",
            "the time code goes back at line 3",
        ),
        ("Timecode,BlendShapeCount,JawOpen\n" + '"' + "x" * 200_000 + '"', "cannot be read as a CSV file"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "take.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=said):
        live_link.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"take\.csv: no such file"):
        live_link.read(tmp_path / "take.csv")
