"""A mapping preset: what the bones of a kind of rig are called, and what such a rig is told by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from . import joint_roles

#: Roles that are numbered upwards.
CHAINS = ("spine", "neck")


@dataclass(frozen=True)
class Mark:
    """What a rig of a kind is told by: bones that are all there, patterns that each some bone's name is like, and bones
    of which none is there."""

    bones: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def detail(self) -> int:
        """How much it asks for."""
        return len(self.bones) + len(self.patterns) + len(self.without)


@dataclass(frozen=True)
class Setting:
    """The value of a bone's custom property while motion is on the rig."""

    bone: str
    property: str
    value: float


@dataclass(frozen=True)
class Preset:
    """One kind of rig.

    path: its file. bones: the names that a role's bone may have, by role. prefixes: what names may begin with. follows:
    bones that constraints move along with others, {bone: other}; settings: what is set meanwhile: both only where the
    bones are the controls of a rig.
    """

    name: str
    path: Path
    notes: str
    marks: tuple[Mark, ...]
    bones: Mapping[str, tuple[str, ...]]
    prefixes: tuple[str, ...] = ()
    follows: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()

    @property
    def of_controls(self) -> bool:
        """Whether its bones are controls, which move a rig's other bones through constraints."""
        return bool(self.follows or self.settings)

    def hung(self, names: Sequence[str], parents: Sequence[int]) -> tuple[int, ...]:
        """What each bone goes along with: its parent, else what constraints have it follow."""
        index = {name: bone for bone, name in enumerate(names)}
        follows = {index[bone]: index[other] for bone, other in self.follows.items() if {bone, other} <= index.keys()}
        return tuple(follows.get(bone, parent) for bone, parent in enumerate(parents))

    def detail(self, names: Sequence[str]) -> int:
        """How much of what it asks for is true of a rig with these bones: the most of its marks that hold; 0: none."""
        plain = {self._plain(name) for name in names}

        def holds(mark: Mark) -> bool:
            return (
                all(_plain(bone) in plain for bone in mark.bones)
                and not any(_plain(bone) in plain for bone in mark.without)
                and all(any(fnmatchcase(name, pattern) for name in names) for pattern in mark.patterns)
            )

        return max((mark.detail for mark in self.marks if holds(mark)), default=0)

    def find(self, names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
        """The bones of a rig that it names: {role: bone}. Spine and neck are numbered anew where bones are missing."""
        bones_of: dict[str, list[int]] = {}
        for bone, name in enumerate(names):
            bones_of.setdefault(self._plain(name), []).append(bone)
        found: dict[str, int] = {}
        for role, spelt in self.bones.items():
            choice = [bone for name in spelt for bone in bones_of.get(_plain(name), ()) if bone not in found.values()]
            # As it is spelt in the file before what only reads like it; min keeps the first of several as deep.
            exact = [bone for bone in choice if names[bone] in spelt]
            if choice:
                found[role] = min(exact or choice, key=lambda bone: _depth(parents, bone))
        for chain in CHAINS:
            links = [found.pop(role) for role in [*found] if role.startswith(f"{chain}.")]
            found |= {f"{chain}.{n}": bone for n, bone in enumerate(links)}
        return found

    def roles(self, names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
        """As `find`, and limbs and fingers that the rig calls otherwise, by what their names say: no controls."""
        found = self.find(names, parents)
        if self.of_controls:
            return found
        told = joint_roles.classify(names, parents)
        missing = [role for role in self.bones if role in told and not role.startswith(CHAINS)]
        return {role: told[role] for role in missing if told[role] not in found.values()} | found

    def _plain(self, name: str) -> str:
        name = name.rsplit(":", 1)[-1]
        for prefix in self.prefixes:
            if match := re.match(re.escape(prefix).replace(r"\#", r"\d*"), name):
                return _plain(name[match.end() :])
        return _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _depth(parents: Sequence[int], bone: int) -> int:
    depth = 0
    while (bone := parents[bone]) >= 0:
        depth += 1
    return depth
