"""A finished run that is spoilt with hostile text, for the tests of what people look at."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

#: What would do harm as HTML, as a script, within a script, or as a line's end in one.
HOSTILE = "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'>\u2028\" onclick=\"hacked = 1"


@pytest.fixture
def hostile(finished: Path, dataset: Path, tmp_path: Path) -> Path:
    """The same with hostile texts in the data set, and one failed scene of hostile name, problem and log."""
    out = shutil.copytree(finished, tmp_path / "out # 100%")
    data = tmp_path / "data"
    data.mkdir()
    for name in ("scenarios.db", "actors.db"):
        shutil.copy(dataset / name, data / name)
    with closing(sqlite3.connect(data / "scenarios.db")) as db, db:
        db.execute("UPDATE scenarios SET scenario = ?, character_setup = ?", (HOSTILE, HOSTILE))
    (path,) = out.glob("farm_runs/state/*.sqlite")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE run SET data = ?", (str(data),))
        db.execute("INSERT INTO tasks VALUES (?, 1, 18, '', '', '', '', 'failed', ?)", (HOSTILE, HOSTILE))
        log = db.execute("SELECT log FROM attempts").fetchone()[0]
        db.execute(
            "INSERT INTO attempts (task, log, log_from, outcome) VALUES (?, ?, ?, 'failed')",
            (HOSTILE, log, (out / log).stat().st_size),
        )
        (out / log).write_text((out / log).read_text() + f"\n{HOSTILE}\n")
    return out
