"""Writes which armature is whose into `rigs.toml` beside a template; what else stands there stays."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..dataset.errors import DatasetError
from ..dataset.partial import beside
from . import rigs

_ACTOR = re.compile(r"\s*\[\s*actors\s*\.\s*[\"']?(\d+)[\"']?\s*\]\s*(?:#.*)?", re.ASCII)
_TABLE = re.compile(r"\s*\[")
_ARMATURE = re.compile(r"(\s*armature\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')")


def save(template: Path, armatures: Mapping[str, str]) -> Path:
    """Write the armatures' names by actor; whole or not at all. Returns the file.

    DatasetError where it cannot be written, or is written in a way that only a person can change.
    """
    path = template.with_name(rigs.TABLE_NAME)
    rigs.read_table(template)  # what is no table of rigs is told of, and not written over
    partial = beside(path)
    try:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        text = changed(before, armatures)
        if _armatures(text) != _armatures(before) | dict(armatures):
            raise DatasetError(f"{path}: is written in a way that is changed by hand only; put the armatures in there")
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        if partial.is_file():
            partial.unlink()
    return path


def changed(text: str, armatures: Mapping[str, str]) -> str:
    """A table's text with other armatures: lines `armature = ` are replaced, actors that lack are added at the end."""
    lines: list[str] = []
    actor = ""
    left = dict(armatures)
    for line in text.splitlines():
        found = _ACTOR.fullmatch(line)
        if found or _TABLE.match(line):
            actor = found[1].zfill(3) if found else ""
        match = _ARMATURE.match(line)
        if actor in left and match:
            line = match[1] + _quoted(left.pop(actor)) + line[match.end() :]
        lines.append(line)
    for name, armature in left.items():
        lines += [*([""] if lines else []), f"[actors.{name}]", f"armature = {_quoted(armature)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A string of TOML; its escapes are JSON's but for the one character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _armatures(text: str) -> dict[str, str]:
    try:
        actors = tomllib.loads(text).get("actors", {})
    except tomllib.TOMLDecodeError:
        return {}
    return {actor.zfill(3): entry["armature"] for actor, entry in actors.items()}
