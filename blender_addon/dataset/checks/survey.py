"""The whole check of a data set, in the three steps that a caller may share out: look, examine each file, compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import layout
from ..errors import DatasetError
from ..layout import Dataset
from . import between, findings, heads, listed, motion, rows, voice, weights
from .facts import Facts
from .findings import Finding
from .inventory import ARKIT, ICT, KINDS, VOICE, File, Inventory, has_archives, take

_COLUMNS = {ARKIT: (51,), ICT: (55,)}


@dataclass(frozen=True)
class Survey:
    """What there is: files of the scenes and of each subset that is there, and what was found without opening them."""

    dataset: Dataset
    scenes: Inventory
    subsets: dict[str, Inventory]
    found: tuple[Finding, ...]

    @property
    def files(self) -> list[File]:
        """All files to examine: those that have bytes."""
        inventories = (self.scenes, *self.subsets.values())
        return [file for taken in inventories for file in taken.all_files if file.size > 0]


@dataclass(frozen=True)
class Row:
    """One folder in numbers; seconds: of the files whose length is known."""

    folder: str
    files: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Report:
    """Everything that was found, the gravest first, then by code and file; and a row for each folder."""

    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]

    def count(self, severity: str) -> int:
        return sum(finding.code.severity == severity for finding in self.findings)


def find(root: Path | str) -> Dataset:
    """The data set at `root`, also where it lies there packed; DatasetError for a folder of something else."""
    try:
        return Dataset.at(root)
    except DatasetError:
        if has_archives(Path(root)):
            return Dataset(Path(root).absolute())
        raise


def look(dataset: Dataset) -> Survey:
    """Folders, databases, job files and the few face templates; no file of a performance is opened."""
    scenes = take(dataset.root)
    subsets = {name: take(dataset.root, name) for name in layout.SUBSETS if (dataset.root / name).is_dir()}
    databases = rows.read(dataset)
    found = [*scenes.found, *databases.found, *rows.compare(dataset, databases, scenes), *heads.check(dataset)]
    for name, taken in subsets.items():
        found += [*taken.found, *rows.missing_in_subset(name, taken)]
    # What is missing of a scene is told above, and not once more for each line that names it.
    named = scenes.performances | rows.expected(databases, scenes)
    named |= {performance for taken in subsets.values() for performance in taken.performances}
    found += listed.check(dataset, {*named, *(performance.scene for performance in named)})
    return Survey(dataset, scenes, subsets, tuple(found))


def examine(file: File, *, deep: bool) -> Facts:
    """Open one file and look at its head, or at all of it."""
    if file.kind.suffix == ".bvh":
        return motion.examine(file.path, deep=deep)
    if file.kind == VOICE:
        return voice.examine(file.path, deep=deep)
    loose = file.name.count("/") == 1 and not file.name.startswith(f"{file.kind.folder}/")
    return weights.examine(file.path, (55, 51) if loose else _COLUMNS[file.kind], deep=deep)


def conclude(survey: Survey, facts: Mapping[File, Facts], ignored: Iterable[str] = ()) -> Report:
    """Compare what was examined, and put everything in order. ignored: codes that are left out."""
    found = list(survey.found)
    found += [Finding(code, file.name, text) for file, own in facts.items() for code, text in own.found]
    for taken in (survey.scenes, *survey.subsets.values()):
        found += between.compare(taken, facts)
    found = [Finding(finding.code, _printable(finding.file), _printable(finding.text)) for finding in found]
    left_out = {code.upper() for code in ignored}
    order = {severity: place for place, severity in enumerate(findings.SEVERITIES)}
    shown = sorted(
        (finding for finding in found if finding.code.code not in left_out),
        key=lambda finding: (order[finding.code.severity], finding.code.code, finding.file, finding.text),
    )
    return Report(tuple(shown), tuple(_rows(survey, facts)))


def _printable(text: str) -> str:
    """Names and rows may hold anything: what moves a terminal's cursor, or is no text at all, is written out."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _rows(survey: Survey, facts: Mapping[File, Facts]) -> Iterable[Row]:
    for base, taken in (("", survey.scenes), *survey.subsets.items()):
        if base and not taken.all_files:
            continue
        for kind in KINDS:
            if kind in taken.files:
                files = list(taken.files[kind].values())
                seconds = sum(facts[file].seconds for file in files if file in facts)
                name = f"{base}/{kind.folder}" if base else kind.folder
                yield Row(name, len(files), sum(max(file.size, 0) for file in files), seconds)
