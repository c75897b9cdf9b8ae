"""What is known of files is read again as soon as they change, and never taken from a file that may still change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm import known_files
from farm.known_files import file_fingerprint


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache" / "files.sqlite"


def reads(cache: Path, path: Path, *, settled: float = -1.0) -> tuple[str, bool]:
    """A file's fingerprint, and whether the file was read for it."""
    read = []

    def read_it() -> str:
        read.append(path)
        return file_fingerprint(path)

    with known_files.opened(cache, settled) as known:
        return known.fact(path, "blake2b", read_it), bool(read)


def test_a_file_is_read_once_and_again_when_it_changes(cache, tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("one")
    first, read = reads(cache, path)
    assert (first, read) == (file_fingerprint(path), True)
    assert reads(cache, path) == (first, False)
    times = path.stat()
    path.write_text("two")  # as long as before, and its time put back
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    second, read = reads(cache, path)
    assert read
    assert second != first
    beside = tmp_path / "beside"
    beside.write_text("one")
    beside.replace(path)
    assert reads(cache, path) == (first, True)
    path.unlink()
    assert reads(cache, path) == ("missing", True)


def test_what_was_written_a_moment_ago_is_not_trusted(cache, tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("one")
    for _ in range(2):
        assert reads(cache, path, settled=known_files.SETTLED_SECONDS)[1]


def test_a_file_that_changes_while_it_is_read_is_not_kept(cache, tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("one")

    def read_and_write() -> str:
        path.write_text("three")
        return "of one"

    with known_files.opened(cache, -1.0) as known:
        assert known.fact(path, "blake2b", read_and_write) == "of one"
    assert reads(cache, path) == (file_fingerprint(path), True)


def test_without_a_usable_cache_everything_is_read(tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("one")
    (tmp_path / "file").write_text("in the way")
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database" * 500)
    for cache in (tmp_path / "file" / "files.sqlite", broken):
        assert reads(cache, path) == (file_fingerprint(path), True)
    # What was no database has made room for one.
    reads(broken, path)
    assert not reads(broken, path)[1]


def test_an_error_is_not_kept(cache, tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("one")

    def fail() -> None:
        raise ValueError("bad")

    for _ in range(2):
        with known_files.opened(cache, -1.0) as known, pytest.raises(ValueError, match="bad"):
            known.fact(path, "length", fail)
