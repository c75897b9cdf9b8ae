"""Presets as TOML files, which users write and share.

    name = "Mixamo"                       # what a rig table calls it
    notes = "T-pose."                     # for people
    prefixes = ["mixamorig#_"]            # what bone names may begin with; # stands for any digits, or none

    [[detect]]                            # a rig is of this kind where one of these holds as a whole:
    bones = ["Hips", "{side}ForeArm"]     # all these bones are there
    patterns = ["mixamorig*"]             # for each of these there is a bone whose whole name is like it
    without = ["HeadTop_End"]             # and none of these bones is there

    [sides]                               # what {side} stands for
    L = "Left"
    R = "Right"

    [bones]                               # bone names by the roles of `joint_roles`
    hips = "Hips"
    spine = ["Spine", "Spine1"]           # upwards; neck likewise
    forearm = "{side}ForeArm"             # both sides; "forearm.L" for one
    index = ["{side}Index1"]              # from the palm outwards; "index.0" for a bone in the palm
    thigh = "{side}Thigh | {side}Hip"     # either; where a rig has both, the one nearer to its root

Where these bones are the controls of a rig, which move its other bones through constraints:

    [follows]                             # bones that constraints move along with others
    "ORG-hand.{side}" = "hand_fk.{side}"

    [[set]]                               # the value of a bone's custom property while motion is on the rig
    bone = "arm.{side}"
    property = "IK_FK"
    value = 1.0

Namespaces (all up to the last colon) do not count, and what is no letter, digit or underscore reads as an underscore:
exporters make `hand_l` of `hand.l`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import joint_roles
from .errors import DatasetError
from .preset import CHAINS, Mark, Preset, Setting

#: No preset is larger, bytes.
_LARGEST = 1 << 18

_KEYS = {"name", "notes", "prefixes", "detect", "sides", "bones", "follows", "set"}
_MIDDLE = {"hips", "head"}
_LIMBS = {"shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe"}
_PHALANGES = {f"{finger}.{n}" for finger in joint_roles.FINGERS for n in range(4)}


def read(path: Path) -> Preset:
    """Read a preset's file; DatasetError, which names it, where it is not as this module says."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DatasetError(f"{path}: is too large for a preset; {_LARGEST // 1024} kB is the most")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise DatasetError(f"{path}: cannot be read as TOML ({error})") from error
    return _File(path, content).preset()


@dataclass(frozen=True)
class _File:
    """A file's content on its way to a preset."""

    path: Path
    content: Mapping[str, Any]

    def preset(self) -> Preset:
        if unknown := sorted(self.content.keys() - _KEYS):
            raise self._error(f"{unknown[0]!r} means nothing in a preset; {', '.join(sorted(_KEYS))} do")
        name = self.content.get("name")
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise self._error('needs a line name = "what this kind of rig is called"')
        notes = self.content.get("notes", "")
        if not isinstance(notes, str):
            raise self._error("notes must be text")
        sides = self._sides()
        return Preset(
            name, self.path, " ".join(notes.split()), self._marks(sides), self._bones(sides),
            self._list(self.content.get("prefixes", []), "prefixes"), self._follows(sides), self._settings(sides),
        )  # fmt: skip

    def _sides(self) -> dict[str, str]:
        sides = self.content.get("sides", {})
        if not isinstance(sides, dict) or (sides and sides.keys() != {"L", "R"}):
            raise self._error('[sides] has the lines L = "left\'s name" and R = "right\'s name"')
        if not all(isinstance(side, str) for side in sides.values()) or len(set(sides.values())) != len(sides):
            raise self._error("the two [sides] must be different texts")
        return sides

    def _marks(self, sides: Mapping[str, str]) -> tuple[Mark, ...]:
        tables = self.content.get("detect")
        if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
            raise self._error("needs a table [[detect]] that says what a rig is told by")
        marks = []
        for table in tables:
            if unknown := sorted(table.keys() - {"bones", "patterns", "without"}):
                raise self._error(f"[[detect]] has bones, patterns and without, but no {unknown[0]!r}")
            lists = {key: self._list(value, f"[[detect]] {key}") for key, value in table.items()}
            mark = Mark(**{key: tuple(self._spelt(texts, sides, key)) for key, texts in lists.items()})
            if not mark.bones and not mark.patterns:
                raise self._error("each [[detect]] needs bones or patterns, else it would be true of every rig")
            marks.append(mark)
        return tuple(marks)

    def _spelt(self, texts: Sequence[str], sides: Mapping[str, str], where: str) -> Iterable[str]:
        for text in texts:
            if "{side}" in text:
                yield from (self._of_side(text, side, sides, where) for side in "LR")
            else:
                yield text

    def _bones(self, sides: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        table = self.content.get("bones")
        if not isinstance(table, dict) or not table:
            raise self._error('needs a table [bones] with lines role = "bone"')
        found: dict[str, tuple[str, ...]] = {}
        for key, value in table.items():
            for role, text in self._roles(key, value):
                if role in found:
                    raise self._error(f"[bones] names {role} twice")
                found[role] = self._names(role, text, sides)
        first: dict[str, str] = {}
        for role, names in found.items():
            if len(names) == 1 and first.setdefault(names[0], role) != role:
                raise self._error(f"[bones] gives {names[0]!r} to both {first[names[0]]} and {role}")
        return found

    def _roles(self, key: str, value: object) -> Iterable[tuple[str, str]]:
        """The roles of a line in [bones], each with its text."""
        plain = key[:-2] if key.endswith((".L", ".R")) else key
        side = key[len(plain) :]
        if isinstance(value, list) and key in CHAINS:
            items = [(f"{key}.{n}", text) for n, text in enumerate(value)]
        elif isinstance(value, list) and plain in joint_roles.FINGERS and len(value) <= 3:
            items = [(f"{plain}.{n}{side}", text) for n, text in enumerate(value, 1)]
        elif isinstance(value, str) and (key in _MIDDLE or plain in _LIMBS or plain in _PHALANGES):
            items = [(key, value)]
        elif key in CHAINS or plain in joint_roles.FINGERS:
            length = "" if key in CHAINS else " of at most three"
            raise self._error(f'[bones] {key} is a list{length}, as in {key} = ["bone", "bone"]')
        elif key in _MIDDLE or plain in _LIMBS or plain in _PHALANGES:
            raise self._error(f"[bones] {key} must be the name of one bone")
        else:
            raise self._error(f"[bones] has no role {key!r}; see an example of `interact-farm template presets`")
        for role, text in items:
            if not isinstance(text, str) or not text.strip():
                raise self._error(f"[bones] {key} must have names of bones")
            if side or plain in _MIDDLE or plain in CHAINS:
                yield role, text
            else:
                if "{side}" not in text:
                    raise self._error(f"[bones] {key} needs {{side}} in its name, or lines {key}.L and {key}.R")
                yield from ((f"{role}.{side}", text) for side in "LR")

    def _names(self, role: str, text: str, sides: Mapping[str, str]) -> tuple[str, ...]:
        side = role[-1] if role.endswith((".L", ".R")) else ""
        if "{side}" in text and not side:
            raise self._error(f"[bones] {role} is in the middle and has no {{side}}")
        names = [self._of_side(name.strip(), side, sides, role) for name in text.split(" | ")]
        return tuple(dict.fromkeys(names))

    def _of_side(self, text: str, side: str, sides: Mapping[str, str], where: str) -> str:
        if "{side}" in text and side not in sides:
            raise self._error(f"{where} has {{side}}, and there is no table [sides] to say what it stands for")
        return text.replace("{side}", sides.get(side, ""))

    def _follows(self, sides: Mapping[str, str]) -> dict[str, str]:
        table = self.content.get("follows", {})
        if not isinstance(table, dict) or not all(isinstance(other, str) and other for other in table.values()):
            raise self._error('[follows] has lines bone = "the bone that it goes along with"')
        rows = ((self._spelt(pair, sides, "[follows]"), pair) for pair in table.items())
        found: dict[str, str] = {}
        for spelt, (bone, other) in rows:
            if ("{side}" in bone) != ("{side}" in other):
                raise self._error(f"[follows] has {{side}} in both of {bone!r} and {other!r}, or in neither")
            names = [*spelt]
            found |= zip(names[: len(names) // 2], names[len(names) // 2 :], strict=True)
        return found

    def _settings(self, sides: Mapping[str, str]) -> tuple[Setting, ...]:
        tables = self.content.get("set", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error("[[set]] has two brackets on each side")
        found: list[Setting] = []
        for table in tables:
            bone, name, value = table.get("bone"), table.get("property"), table.get("value")
            if table.keys() != {"bone", "property", "value"} or not (isinstance(bone, str) and isinstance(name, str)):
                raise self._error("[[set]] has the lines bone and property, which are names, and value")
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise self._error(f"[[set]] {name}: the value must be a number")
            found += (Setting(each, name, float(value)) for each in self._spelt([bone], sides, "[[set]] bone"))
        return tuple(found)

    def _list(self, value: object, what: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._error(f"{what} must be a list of names")
        return tuple(value)

    def _error(self, text: str) -> DatasetError:
        return DatasetError(f"{self.path}: {text}")
