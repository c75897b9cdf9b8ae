"""The extension in real Blender applications: what they say of its zip, installing it, and what it leaves behind."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from farm import addon, addon_check
from farm.blender import Blender

from . import window


@pytest.fixture(scope="module")
def application(blender: Blender) -> Blender:
    if blender.path is None:
        pytest.skip("the bpy module takes no extensions; --blender names an application")
    return blender


def test_blenders_own_packer_makes_the_same_zip(application, tmp_path):
    by_blender, by_us = addon.build(tmp_path / "a", application), addon.build(tmp_path / "b")
    assert by_blender.read_bytes() == by_us.read_bytes()


def test_blender_finds_no_fault_with_the_zip(application, tmp_path):
    assert "Success" in addon_check.blenders_opinion(addon.build(tmp_path), application)


def test_the_sources_as_they_lie_pack_to_the_same_files(application, tmp_path):
    """A developer may call Blender's packer himself: the manifest leaves out what we leave out."""
    packed = tmp_path / "own.zip"
    addon.extension_command(application, "build", "--source-dir", str(addon.SOURCE), "--output-filepath", str(packed))
    with zipfile.ZipFile(packed) as file:
        listed = file.namelist()
    assert sorted(listed) == [name for name in addon.files() if name != addon.LICENSE]


def test_enabling_and_disabling_leaves_nothing_behind(blender, tmp_path, monkeypatch):
    application = window.require_application(blender)
    user = window.user_of(tmp_path / "user")
    monkeypatch.setenv("BLENDER_USER_RESOURCES", user["BLENDER_USER_RESOURCES"])
    addon.install(addon.build(tmp_path), blender)
    script = Path(__file__).with_name("addon_rounds.py")
    told = window.run_in_window(application, script, {}, user)
    assert told["enabled"] == [True] * 3
    assert told["rounds"] == [{"timers": []}] * 3
    assert told["reloaded"] == {}
    assert told["classes"] != []
