"""Each actor's own body and face: how much of which of the data's targets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from ...dataset.makehuman import Source, face_keys, target

MENS_HAIR = ("short", "crop", "forward", "receding")
WOMENS_HAIR = ("bob", "ponytail", "bun")


@dataclass(frozen=True)
class Build:
    """races: share of each of the data's looks; muscle, weight: from -1 (least) to 1 (most); face: share of each of
    the targets named so; rest: share of each of the face keys named so, of both sides where the name has none, in his
    face at rest; hair: one of MENS_HAIR or WOMENS_HAIR; skirt: the legs below it, "skin" or "tights", or "" for
    trousers; beard: whether he has a short one."""

    races: dict[str, float]
    muscle: float = 0.0
    weight: float = 0.0
    face: dict[str, float] = field(default_factory=dict)
    rest: dict[str, float] = field(default_factory=dict)
    hair: str = "short"
    skirt: str = ""
    beard: bool = False


#: The data's men have their lids half closed and their brows down: they look stern.
_AWAKE = {"eyeWide": 0.5, "browInnerUp": 0.3, "browOuterUp": 0.2}

#: InterAct's seven actors: no portraits, only seven people whom a viewer tells apart.
BUILDS = {
    "001": Build(
        {"caucasian": 1.0}, 0.1, -0.1,
        {"head/head-rectangular": 0.55, "nose/nose-hump-incr": 0.35, "nose/nose-scale-vert-incr": 0.3},
        _AWAKE | {"browInnerUp": 0.2, "browOuterUp": 0.25}, "short"),
    "002": Build({"caucasian": 0.8, "asian": 0.2}, -0.1, -0.1, {"head/head-oval": 0.6}, {}, "bob"),
    "003": Build(
        {"caucasian": 0.25, "african": 0.75}, 0.35, 0.0,
        {"head/head-square": 0.5, "head/head-fat-decr": 0.3}, _AWAKE | {"eyeWide": 0.6}, "crop", beard=True),
    "005": Build(
        {"caucasian": 0.7, "asian": 0.3}, 0.0, 0.35,
        {"head/head-round": 0.7, "head/head-fat-incr": 0.4, "nose/nose-point-up": 0.5,
         "nose/nose-scale-vert-decr": 0.4},
        _AWAKE | {"mouthSmile": 0.12}, "forward"),
    "006": Build(
        {"asian": 0.7, "caucasian": 0.3}, -0.1, -0.2, {"head/head-oval": 0.5, "nose/nose-scale-vert-decr": 0.3}, {},
        "ponytail", "tights"),
    "007": Build(
        {"caucasian": 1.0}, 0.0, 0.05, {"head/head-round": 0.6, "nose/nose-point-up": 0.4}, {}, "bun", "skin"),
    "008": Build(
        {"caucasian": 0.5, "african": 0.5}, 0.1, 0.1,
        {"head/head-age-incr": 0.8, "head/head-oval": 0.4, "nose/nose-width2-incr": 0.3}, _AWAKE, "receding"),
}  # fmt: skip
_SIDES = ("Left", "Right")
_LEVELS = ("min", "average", "max")


def build_of(actor: str, *, female: bool) -> Build:
    """An actor's build: fixed for the data set's actors, else the same for the same id everywhere."""
    if actor in BUILDS:
        found = BUILDS[actor]
        styles = WOMENS_HAIR if female else MENS_HAIR
        return found if found.hair in styles else replace(found, hair=styles[0], skirt="", beard=False)
    digest = hashlib.sha256(actor.encode()).digest()
    shares = np.array([40 + digest[0] % 100, digest[1] % 80, digest[2] % 80], dtype=float)
    races = dict(zip(("caucasian", "asian", "african"), (shares / shares.sum()).tolist(), strict=True))
    heads = ("oval", "round", "square", "rectangular")
    return Build(
        races, (digest[3] % 100 - 50) / 120, (digest[4] % 100 - 50) / 120, {f"head/head-{heads[digest[5] % 4]}": 0.4},
        {} if female else _AWAKE, WOMENS_HAIR[digest[6] % 3] if female else MENS_HAIR[digest[6] % 4],
        ("", "", "tights")[digest[7] % 3] if female else "",
    )  # fmt: skip


def shape(source: Source, build: Build, *, female: bool) -> np.ndarray:
    """The base mesh (V, 3) m as the body of an actor."""
    sex = "female" if female else "male"
    vertices = source.vertices.copy()
    for race, share in build.races.items():
        vertices += share * target(source, f"macrodetails/{race}-{sex}-young")
    for muscle, a in _steps(build.muscle):
        for weight, b in _steps(build.weight):
            name = f"{sex}-young-{muscle}muscle-{weight}weight"
            vertices += a * b * target(source, f"macrodetails/universal-{name}")
            vertices += 0.5 * a * b * target(source, f"macrodetails/proportions/{name}-idealproportions")
    for name, share in build.face.items():
        vertices += share * target(source, name)
    known = face_keys(source)
    for name, share in _sided(build.rest, known).items():
        vertices += share * known[name]
    return vertices


def keys(source: Source, build: Build) -> dict[str, np.ndarray]:
    """The face keys' offsets (V, 3) m from the face at rest: lids that rest wider open have a longer way to close."""
    known = face_keys(source)
    wide = {side: build.rest.get("eyeWide", 0.0) * known[f"eyeWide{side}"] for side in _SIDES}
    return known | {f"eyeBlink{side}": known[f"eyeBlink{side}"] - wide[side] for side in _SIDES}


def _sided(shares: dict[str, float], known: dict[str, np.ndarray]) -> dict[str, float]:
    """Shares by the names of the keys."""
    found: dict[str, float] = {}
    for name, share in shares.items():
        found |= dict.fromkeys([name] if name in known else [f"{name}{side}" for side in _SIDES], share)
    return found


def _steps(value: float) -> list[tuple[str, float]]:
    """The two levels that a value lies between, with their shares."""
    place = float(np.clip(value, -1, 1)) + 1
    low = min(int(place), 1)
    return [(_LEVELS[low], 1 - (place - low)), (_LEVELS[low + 1], place - low)]
