"""Face weights: the names of their columns, and reading and writing the arrays."""

from __future__ import annotations

import os
import tokenize
from pathlib import Path

import numpy as np

from .errors import DatasetError
from .weights_room import Room, head_of

#: The columns of `face_arkit`: Apple's ARKit blend shapes without tongueOut, in alphabetical order.
ARKIT_NAMES = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip

#: ARKit's 52nd key, which no file of the data set has; heads may have it.
TONGUE_KEY = "tongueOut"

#: The columns of `face_ict`: ICT-FaceKit's 53 expressions and cheekRaiser, in alphabetical order. The order is not
#: published: it is inferred from the number of columns and from ARKit's order.
ICT_NAMES = (
    "browDown_L", "browDown_R", "browInnerUp_L", "browInnerUp_R", "browOuterUp_L", "browOuterUp_R",
    "cheekPuff_L", "cheekPuff_R", "cheekRaiser_L", "cheekRaiser_R", "cheekSquint_L", "cheekSquint_R",
    "eyeBlink_L", "eyeBlink_R", "eyeLookDown_L", "eyeLookDown_R", "eyeLookIn_L", "eyeLookIn_R",
    "eyeLookOut_L", "eyeLookOut_R", "eyeLookUp_L", "eyeLookUp_R", "eyeSquint_L", "eyeSquint_R",
    "eyeWide_L", "eyeWide_R",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimple_L", "mouthDimple_R", "mouthFrown_L", "mouthFrown_R", "mouthFunnel",
    "mouthLeft", "mouthLowerDown_L", "mouthLowerDown_R", "mouthPress_L", "mouthPress_R", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmile_L", "mouthSmile_R", "mouthStretch_L", "mouthStretch_R", "mouthUpperUp_L", "mouthUpperUp_R",
    "noseSneer_L", "noseSneer_R",
)  # fmt: skip

#: Frames that are checked at a time where weights are mapped.
_PART_FRAMES = 8192

#: What numpy raises at a head that is no .npy head: it parses it as Python, and believes its sizes.
UNREADABLE = (ValueError, EOFError, OSError, SyntaxError, TypeError, MemoryError, OverflowError, tokenize.TokenError)


def load_arkit(path: Path) -> np.ndarray:
    """Read ARKit weights: float32 (frames, 51), columns in the order of ARKIT_NAMES.

    Raises DatasetError for a file that is not a plain numeric .npy of that shape, or holds NaN or infinity.
    """
    return load_weights(path, len(ARKIT_NAMES), "ARKit")


def load_weights(path: Path, columns: int, kind: str, room: Room | None = None) -> np.ndarray:
    """Read a float32 (frames, columns) array from an .npy file; never unpickles.

    room: to read into, instead of fresh memory, where the file is of plain float32 and fits.
    """
    try:
        weights = room.read(path) if room is not None else None
        if weights is None:
            with open(path, "rb") as file:
                weights = np.lib.format.read_array(file, allow_pickle=False)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except UNREADABLE as error:
        raise DatasetError(f"{path}: cannot be read as a plain .npy array of numbers ({error})") from error
    _check_form(path, weights, columns, kind)
    return _finite(path, weights)


def map_array(path: Path) -> np.ndarray:
    """An .npy file's array, of whatever shape and number type, mapped and not read; never unpickles."""
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except UNREADABLE as error:
        raise DatasetError(f"{path}: cannot be read as a plain .npy array of numbers ({error})") from error


def map_weights(path: Path, columns: int, kind: str) -> np.ndarray:
    """The (frames, columns) weights of an .npy file, of the file's own number type, mapped and not read.

    They are checked as `load_weights` does, a part at a time: all of them are finite in float32.
    """
    weights = map_unread(path, columns, kind)
    for start in range(0, len(weights), _PART_FRAMES):
        _finite(path, weights[start : start + _PART_FRAMES], start)
    return weights


def map_unread(path: Path, columns: int, kind: str) -> np.ndarray:
    """As `map_weights`, of which only the shape and the number type are checked: nothing of the weights is read."""
    weights = map_array(path)
    _check_form(path, weights, columns, kind)
    return weights


def save_weights(path: Path, weights: np.ndarray, *, durable: bool = True, room: Room | None = None) -> None:
    """Write (frames, columns) weights as float32 .npy, whole or not at all.

    Not durable, a power cut in the seconds after it may still lose the file: for what is easily made again, as it is
    several times as fast. room: where the weights may lie.
    """
    image = room.image(weights) if room is not None else None
    parts: list[bytes | memoryview]
    parts = [image] if image else [head_of(*weights.shape), np.ascontiguousarray(weights, dtype="<f4").data]
    beside = path.with_name(path.name + ".partial")
    try:
        with open(beside, "wb", buffering=0) as file:
            for part in parts:
                left = memoryview(part).cast("B")
                while left:  # a disk that is nearly full takes a part, and refuses the next
                    left = left[file.write(left) :]
            if durable:
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _check_form(path: Path, weights: np.ndarray, columns: int, kind: str) -> None:
    if weights.ndim != 2 or weights.shape[1] != columns:
        raise DatasetError(
            f"{path}: {kind} weights must have the shape (frames, {columns}), this file has {weights.shape}"
        )
    if weights.dtype.kind not in "fiu":
        raise DatasetError(f"{path}: {kind} weights must be numbers, this file holds {weights.dtype}")
    if not len(weights):
        raise DatasetError(f"{path}: holds no frames")


def _finite(path: Path, weights: np.ndarray, before: int = 0) -> np.ndarray:
    """The weights as float32, refused where one is not finite; before: frames of the file before these."""
    if weights.dtype != np.float32:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            weights = weights.astype(np.float32)
    if not np.isfinite(weights).all():
        frame, column = np.argwhere(~np.isfinite(weights))[0]
        raise DatasetError(f"{path}: frame {before + frame + 1}, column {column + 1} is not a finite number")
    return weights


def load_any(path: Path) -> np.ndarray:
    """Read weights of either kind: float32 (frames, 55) of ICT or (frames, 51) of ARKit; see load_arkit."""
    columns = read_shape(path)[1]
    return load_weights(path, columns, "ICT" if columns == len(ICT_NAMES) else "ARKit")


def read_shape(path: Path) -> tuple[int, int]:
    """Frames and columns of weights by the file's header alone; DatasetError for neither ICT's nor ARKit's."""
    shape = map_array(path).shape
    if len(shape) != 2 or shape[1] not in (len(ICT_NAMES), len(ARKIT_NAMES)):
        raise DatasetError(
            f"{path}: face weights must have the shape (frames, 55) or (frames, 51), this file has {shape}"
        )
    if not shape[0]:
        raise DatasetError(f"{path}: holds no frames")
    return shape
