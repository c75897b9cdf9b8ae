"""The extension's zip: the same bytes every time, all that is needed and nothing else; what is wrong is named."""

from __future__ import annotations

import hashlib
import tomllib
import zipfile
from pathlib import Path

import pytest

from farm import __version__, addon, addon_check
from farm.blender import Blender
from farm.errors import FarmError

from .command_line import interact_farm


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return addon.build(tmp_path_factory.mktemp("package"))


def _changed(package: Path, folder: Path, name: str, content: str) -> Path:
    """A copy of the zip in which one file is another."""
    copy = folder / "changed.zip"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(copy, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return copy


def test_manifest_and_program_have_one_version():
    about = tomllib.loads((addon.SOURCE / addon.MANIFEST).read_text(encoding="utf-8"))
    assert about["version"] == __version__


def test_zip_holds_what_the_extension_needs_and_nothing_else(package):
    with zipfile.ZipFile(package) as file:
        names = file.namelist()
        assert names == sorted(names)
        assert {"blender_manifest.toml", "LICENSE", "__init__.py", "ui/__init__.py", "scene/composite.py"} <= {*names}
        assert "worker.py" not in names
        assert [name for name in names if "test" in name or "cache" in name or name.startswith((".", "farm/"))] == []
        sources = {path.relative_to(addon.SOURCE).as_posix() for path in addon.SOURCE.rglob("*.py")}
        assert {name for name in names if name.endswith(".py")} == sources - {"worker.py"}
        data = {path.relative_to(addon.SOURCE).as_posix() for path in addon.SOURCE.rglob("*.toml")}
        assert data <= {*names}
        assert file.read("scene/composite.py") == (addon.SOURCE / "scene" / "composite.py").read_bytes()
    assert addon_check.problems(package) == ()


def test_the_same_sources_give_the_same_bytes(package, tmp_path):
    again = addon.build(tmp_path)
    assert again.name == f"interact_farm-{__version__}.zip"
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("ui/bad.py", "import blender_addon.dataset", "ui/bad.py: line 1 imports blender_addon.dataset"),
        ("ui/bad.py", "from ... import farm", "ui/bad.py: line 1 imports from outside the extension"),
        ("ui/bad.py", "import av", "ui/bad.py: line 1 imports av, which Blender has not"),
        ("ui/bad.py", "def (", "ui/bad.py: is no Python"),
        ("tests/test_it.py", "", "tests/test_it.py: does not belong"),
        ("__pycache__/x.pyc", "", "__pycache__/x.pyc: does not belong"),
        ("../outside.toml", "", "../outside.toml: does not belong"),
        (
            "blender_manifest.toml",
            'id = "interact_farm"\nversion = "9.9.9"\nblender_version_min = "4.2.0"',
            f"version 9.9.9, but this program is {__version__}",
        ),
    ],
)
def test_what_is_wrong_with_a_zip_is_named(package, tmp_path, name, content, problem):
    (found,) = addon_check.problems(_changed(package, tmp_path, name, content))
    assert problem in found


def test_relative_imports_may_climb_to_the_extensions_own_top():
    assert [*addon_check.imports("scene/people/actor.py", b"from ...dataset import bvh\nimport bpy, numpy, os")] == []


def test_no_zip_and_another_zip_are_one_sentence(tmp_path):
    (tmp_path / "none.zip").write_text("nothing")
    with pytest.raises(FarmError, match=r"none\.zip: is no readable zip"):
        addon_check.problems(tmp_path / "none.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(FarmError, match=r"has no blender_manifest\.toml at its top"):
        addon_check.problems(tmp_path / "other.zip")


def test_the_bpy_module_is_not_installed_into(package):
    with pytest.raises(FarmError, match="name a Blender application"):
        addon.install(package, Blender(None, "4.5.0"))


def test_commands_build_and_validate(tmp_path):
    built = interact_farm("addon", "build", "--out", tmp_path)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / f"interact_farm-{__version__}.zip").is_file()
    good = interact_farm("addon", "validate", tmp_path / f"interact_farm-{__version__}.zip")
    assert good.returncode == 0, good.stderr
    assert ".zip: good" in good.stdout
    none = interact_farm("addon", "validate", tmp_path / "none.zip")
    assert none.returncode == 1
    assert "none.zip: is no readable zip" in none.stderr.replace("\n", " ")
