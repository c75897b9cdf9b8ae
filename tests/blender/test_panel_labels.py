"""Every label that the panel shows is in the table of translations, in every language of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .test_panel import ROOT, run

#: Names of things, which are the same everywhere.
NAMES = {"", " ", "InterAct", "X", "Y", "Z", "lip_acc"}

_ASKED_FOR = re.compile(r"""(?:pgettext_\w+|told)\(\s*(?:"([^"\\]+)"|'([^'\\]+)')\s*\)""")


@pytest.fixture(scope="module")
def facts(blender, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("labels")
    run(blender, "panel_labels.py", ROOT, folder)
    return json.loads((folder / "facts.json").read_text())


def test_every_label_that_is_shown_is_in_the_table(facts):
    shown = {tuple(label) for label in facts["shown"]}
    # Of the panels, the options, a choice, buttons in different states, the list's filter, preferences and a menu.
    assert shown >= {
        ("*", "Render"), ("*", "Overwrite"), ("*", "Quality"), ("*", "Draft"), ("Operator", "Render Chosen"),
        ("Operator", "Go On"), ("Operator", "Show Log"), ("Operator", "Cancel"), ("*", "Partly Rendered"),
        ("*", "Farm Command"), ("Operator", "InterAct BVH on Active Armature (.bvh)"), ("InterAct", "Faces"),
    }  # fmt: skip
    table = {(context, text) for context, text, *_ in facts["table"]}
    assert {(context, text) for context, text in shown - table if text not in NAMES} == set()


def test_every_text_that_is_asked_to_be_translated_is_in_the_table(facts):
    table = {text for context, text, *_ in facts["table"] if context == "*"}
    sources = [path.read_text(encoding="utf-8") for path in Path(ROOT, "blender_addon", "ui").glob("*.py")]
    asked = {one or other for source in sources for one, other in _ASKED_FOR.findall(source)}
    assert {"Preset", "Submitted; Blender may be closed"} <= asked
    assert asked - table == set()


def test_every_language_has_a_text_with_the_same_gaps_to_fill(facts):
    for _, english, *texts in facts["table"]:
        assert len(texts) == 3
        assert all(texts)
        gaps = sorted(re.findall(r"\{\w+\}", english))
        assert all(sorted(re.findall(r"\{\w+\}", text)) == gaps for text in texts), english
