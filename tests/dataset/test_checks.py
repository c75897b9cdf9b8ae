"""Every kind of damage, each planted in a copy of a made set, is found by its code, and nothing else is."""

from __future__ import annotations

import re
import shutil
import sqlite3
import struct
import wave
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh, databases, ict
from blender_addon.dataset.blendshapes import ICT_NAMES
from blender_addon.dataset.checks import findings, inventory, motion, survey
from blender_addon.dataset.checks.findings import CODES, Finding
from blender_addon.dataset.layout import Dataset
from farm.demo.maker import make_dataset

#: A performance of the first scene, and the one of his partner; of the second scene.
HIS, HERS, OTHER = "20231119_001_001", "20231119_002_001", "20231126_003_002"
ERRATUM = "face_arkit/20240126_006_034.npy"


@pytest.fixture(scope="module")
def made(once) -> Path:
    """Six scenes, so that every actor has another performance, and a sentence; one scene is that of the erratum."""
    return once("checked", lambda folder: make_dataset(folder / "data", scenes=6, seconds=1.2, sentences=2)) / "data"


@pytest.fixture
def copied(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def check(root: Path, *, deep: bool) -> list[Finding]:
    seen = survey.look(Dataset.at(root))
    facts = {file: survey.examine(file, deep=deep) for file in seen.files}
    return list(survey.conclude(seen, facts).findings)


def rewrite_lines(path: Path, change: Callable[[list[bytes]], object]) -> None:
    """Change the frame lines of a BVH."""
    head, mark, body = path.read_bytes().partition(b"Frame Time: 0.03333333\n")
    assert mark
    lines = body.splitlines(keepends=True)
    change(lines)
    path.write_bytes(head + mark + b"".join(lines))


def replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def rewrite_values(path: Path, change: Callable[[np.ndarray], np.ndarray | None]) -> None:
    values = np.load(path)
    changed = change(values)
    np.save(path, values if changed is None else changed)


def rewrite_sound(path: Path, change: Callable[[np.ndarray], np.ndarray], rate: int = 48000, channels: int = 1) -> None:
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(change(samples.copy()).astype("<i2").tobytes())


def write_float_wav(path: Path, samples: np.ndarray) -> None:
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 48000, 48000 * 4, 4, 32)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(form) + 8 + len(data)) + b"WAVE" + form)
    with open(path, "ab") as file:
        file.write(struct.pack("<4sI", b"data", len(data)) + data)


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def without_keys(table: str) -> tuple[str, ...]:
    """A copy of a table whose rows may repeat, as in files that were put together by hand."""
    return (
        f"CREATE TABLE plain AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE plain RENAME TO {table}",
    )


def swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def set_nan(lines: list[bytes], frame: int) -> None:
    lines[frame] = b"nan " + lines[frame].split(b" ", 1)[1]


def slip(lines: list[bytes]) -> None:
    """A value slips into the next line: the sum is right."""
    lines[3], value = lines[3].rstrip().rsplit(b" ", 1)
    lines[3] += b"\n"
    lines[4] = value + b" " + lines[4]


def swap_actors(root: Path) -> None:
    for folder in ("bvhs", "bvhs_retarget"):
        swap(root / folder / f"{HIS}.bvh", root / folder / f"{HERS}.bvh")


def shorten_scene_of(root: Path, performance: str) -> None:
    """Everything of one actor in a scene ends early."""
    for folder in ("bvhs", "bvhs_retarget"):
        path = root / folder / f"{performance}.bvh"
        rewrite_lines(path, lambda lines: lines.__delitem__(slice(18, None)))
        replace(path, b"Frames: 36", b"Frames: 18")
    for folder in ("face_arkit", "face_ict"):
        rewrite_values(root / folder / f"{performance}.npy", lambda values: values[:18])
    rewrite_sound(root / "wav" / f"{performance}.wav", lambda samples: samples[: 18 * 1600])


def remove_actor_of(root: Path, performance: str) -> None:
    for kind in inventory.KINDS:
        (root / kind.folder / f"{performance}{kind.suffix}").unlink()


def longer_shins(path: Path) -> None:
    motion_ = bvh.read(path)
    motion_.skeleton.offsets[motion_.skeleton.names.index("LeftLeg")] *= 1.3
    bvh.write(path, motion_)


def pack(root: Path, folder: str) -> None:
    shutil.make_archive(str(root / folder), "zip", root / folder)
    shutil.rmtree(root / folder)


def resampled(samples: np.ndarray) -> np.ndarray:
    where = np.arange(round(len(samples) * 44100 / 48000)) * 48000 / 44100
    return np.interp(where, np.arange(len(samples)), samples)


def templates_of_two(root: Path) -> None:
    for actor in ("001", "002"):
        (root / "face_ict_templates" / f"{actor}.obj").write_text("v 0 0 0\n")


def templates_of_all(root: Path, *, of_his: str) -> None:
    """Everybody but actor 001, whose content is given, has the head that the basis moves, a mere net of vertices."""
    head = "v 0 0 0\n" * ict.VERTICES
    head += "".join(f"f {n} {n + 1} {n + 2}\n" for n in range(1, ict.VERTICES - 1))
    for actor in databases.actors(Dataset(root)):
        (root / "face_ict_templates" / f"{actor}.obj").write_text(of_his if actor == "001" else head)
    basis = np.zeros((len(ICT_NAMES), ict.VERTICES, 3), np.float32)
    (root / "scripts").mkdir(exist_ok=True)
    np.save(root / "scripts" / "blendshape_ict.npy", basis)


def hidden_upper_case(root: Path) -> None:
    (root / f"wav/{HIS}.wav").rename(root / f"wav/{HIS}.WAV")


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


HIS_BVH, HER_BVH = f"bvhs_retarget/{HIS}.bvh", f"bvhs_retarget/{HERS}.bvh"
HIS_ARKIT, HIS_ICT, HIS_WAV = f"face_arkit/{HIS}.npy", f"face_ict/{HIS}.npy", f"wav/{HIS}.wav"

#: What is done, and what is found then: codes with files.
DAMAGES: dict[str, tuple[Callable[[Path], object], list[tuple[str, str]]]] = {
    "folder absent": (lambda r: shutil.rmtree(r / "bvhs"), [("IA001", "bvhs/")]),
    "zip not unpacked": (lambda r: pack(r, "wav"), [("IA002", "wav.zip")]),
    "retargeted missing": (lambda r: (r / HIS_BVH).unlink(), [("IA003", HIS_BVH)]),
    "raw missing": (lambda r: (r / f"bvhs/{HIS}.bvh").unlink(), [("IA004", f"bvhs/{HIS}.bvh")]),
    "arkit missing": (lambda r: (r / HIS_ARKIT).unlink(), [("IA005", HIS_ARKIT)]),
    "ict missing": (lambda r: (r / HIS_ICT).unlink(), [("IA006", HIS_ICT)]),
    "wav missing": (lambda r: (r / HIS_WAV).unlink(), [("IA007", HIS_WAV)]),
    "wav of a sentence missing": (
        lambda r: (r / "lip_acc/wav/20231208_006_001.wav").unlink(),
        [("IA007", "lip_acc/wav/20231208_006_001.wav")],
    ),
    "stray file": (lambda r: (r / "wav/notes.txt").touch(), [("IA009", "wav/notes.txt")]),
    "copy beside": (
        lambda r: shutil.copy(r / HIS_WAV, r / f"wav/{HIS} (1).wav"),
        [("IA009", f"wav/{HIS} (1).wav")],
    ),
    "upper-case extension": (hidden_upper_case, [("IA010", f"wav/{HIS}.WAV")]),
    "zero length": (lambda r: (r / HIS_BVH).write_bytes(b""), [("IA011", HIS_BVH)]),
    "dangling link": (lambda r: dangle(r / HIS_WAV), [("IA012", HIS_WAV)]),
    "one actor of a scene": (lambda r: remove_actor_of(r, HIS), [("IA013", HIS_BVH)]),
    "template missing": (
        templates_of_two,
        [("IA014", f"face_ict_templates/{actor}.obj") for actor in ("003", "005", "006", "007", "008")],
    ),
    "template empty": (lambda r: templates_of_all(r, of_his=""), [("IA011", "face_ict_templates/001.obj")]),
    "template cut short": (
        lambda r: templates_of_all(r, of_his="v 0 0 0\n" * 299),
        [("IA307", "face_ict_templates/001.obj")],
    ),
    "no database": (lambda r: (r / "scenarios.db").write_bytes(b"no database"), [("IA101", "scenarios.db")]),
    "scenario row missing": (
        lambda r: sql(r / "scenarios.db", "DELETE FROM scenarios WHERE id = 2"),
        [("IA102", "scenarios.db")],
    ),
    "session row missing": (
        lambda r: sql(r / "actors.db", "DELETE FROM sessions WHERE date = '20231119'"),
        [("IA103", "actors.db")],
    ),
    "actor row missing": (
        lambda r: sql(r / "actors.db", "DELETE FROM actors WHERE actor_id = '003'"),
        [("IA104", "actors.db")],
    ),
    "other gender": (
        lambda r: sql(r / "actors.db", "UPDATE actors SET gender = 'female' WHERE actor_id = '003'"),
        [("IA105", "actors.db")],
    ),
    "duplicate session": (
        lambda r: sql(
            r / "actors.db", *without_keys("sessions"), "INSERT INTO sessions VALUES ('20231119', '003', '007')"
        ),
        [("IA106", "actors.db")],
    ),
    "duplicate actor": (
        lambda r: sql(r / "actors.db", *without_keys("actors"), "INSERT INTO actors VALUES ('003', 'male')"),
        [("IA107", "actors.db")],
    ),
    "session names another": (
        lambda r: sql(r / "actors.db", "UPDATE sessions SET male_id = '008' WHERE date = '20231126'"),
        [("IA108", f"bvhs/{OTHER}.bvh")],
    ),
    "scenario without emotion": (
        lambda r: sql(r / "scenarios.db", "UPDATE scenarios SET primary_emotion_id = 99 WHERE id = 2"),
        [("IA109", "scenarios.db")],
    ),
    "no BVH": (lambda r: (r / HIS_BVH).write_bytes(b"<html>not found</html>"), [("IA201", HIS_BVH)]),
    "broken hierarchy": (lambda r: replace(r / HIS_BVH, b"JOINT Spine1", b"JOIN Spine1"), [("IA201", HIS_BVH)]),
    "BVH cut in a line": (
        lambda r: (r / HIS_BVH).write_bytes((r / HIS_BVH).read_bytes()[:-500]),
        [("IA202", HIS_BVH)],
    ),
    "BVH cut after a line": (
        lambda r: rewrite_lines(r / HIS_BVH, lambda lines: lines.__delitem__(slice(10, None))),
        [("IA203", HIS_BVH)],
    ),
    "value in the next line": (lambda r: rewrite_lines(r / HIS_BVH, slip), [("IA204", HIS_BVH)]),
    "word for a number": (
        lambda r: rewrite_lines(r / HIS_BVH, lambda lines: lines.__setitem__(5, lines[5].replace(b"1", b"x", 1))),
        [("IA204", HIS_BVH)],
    ),
    "NaN in a motion": (
        lambda r: rewrite_lines(r / HIS_BVH, lambda lines: set_nan(lines, 7)),
        [("IA205", HIS_BVH)],
    ),
    "60 frames a second": (
        lambda r: replace(r / HIS_BVH, b"Frame Time: 0.03333333", b"Frame Time: 0.01666667"),
        [("IA206", HIS_BVH)],
    ),
    "swapped actors": (
        swap_actors,
        [("IA207", f"{folder}/{name}.bvh") for folder in ("bvhs_retarget", "bvhs") for name in (HIS, HERS)],
    ),
    "other bones": (lambda r: longer_shins(r / HIS_BVH), [("IA208", HIS_BVH)]),
    "still body": (
        lambda r: rewrite_lines(r / HIS_BVH, lambda lines: lines.__setitem__(slice(None), [lines[0]] * 36)),
        [("IA209", HIS_BVH)],
    ),
    "pickle": (
        lambda r: np.save(r / HIS_ICT, np.array([{"a": 1}], dtype=object), allow_pickle=True),
        [("IA301", HIS_ICT)],
    ),
    "head of a .npy broken": (lambda r: replace(r / HIS_ARKIT, b"'shape'", b"'shame'"), [("IA301", HIS_ARKIT)]),
    "wrong shape": (
        lambda r: rewrite_values(r / HIS_ARKIT, lambda v: np.pad(v, ((0, 0), (0, 1)))),
        [("IA302", HIS_ARKIT)],
    ),
    "ICT among ARKit": (lambda r: shutil.copy(r / HIS_ICT, r / HIS_ARKIT), [("IA302", HIS_ARKIT)]),
    ".npy cut": (
        lambda r: (r / HIS_ARKIT).write_bytes((r / HIS_ARKIT).read_bytes()[:-100]),
        [("IA303", HIS_ARKIT)],
    ),
    "NaN in weights": (
        lambda r: rewrite_values(r / HIS_ICT, lambda v: v.__setitem__((3, 5), np.nan)),
        [("IA304", HIS_ICT)],
    ),
    "per cent": (lambda r: rewrite_values(r / HIS_ICT, lambda v: v * 100), [("IA305", HIS_ICT)]),
    "still face": (lambda r: rewrite_values(r / HIS_ICT, lambda v: np.repeat(v[:1], 36, 0)), [("IA306", HIS_ICT)]),
    "no wav": (lambda r: (r / HIS_WAV).write_bytes(b"ID3" + bytes(1000)), [("IA401", HIS_WAV)]),
    "wav cut": (lambda r: (r / HIS_WAV).write_bytes((r / HIS_WAV).read_bytes()[:-5000]), [("IA402", HIS_WAV)]),
    "44.1 kHz": (lambda r: rewrite_sound(r / HIS_WAV, resampled, 44100), [("IA403", HIS_WAV)]),
    "three channels": (
        lambda r: rewrite_sound(r / HIS_WAV, lambda s: np.repeat(s, 3), channels=3),
        [("IA404", HIS_WAV)],
    ),
    "silent": (lambda r: rewrite_sound(r / HIS_WAV, lambda s: s * 0), [("IA405", HIS_WAV)]),
    "clipped": (
        lambda r: rewrite_sound(r / f"wav/{HERS}.wav", lambda s: np.clip(s * 8.0, -32768, 32767)),
        [("IA406", f"wav/{HERS}.wav")],
    ),
    "NaN in a voice": (
        lambda r: write_float_wav(r / HIS_WAV, np.where(np.arange(57600) == 99, np.nan, 0.1)),
        [("IA407", HIS_WAV)],
    ),
    "face shorter": (lambda r: rewrite_values(r / HIS_ARKIT, lambda v: v[:20]), [("IA501", HIS_ARKIT)]),
    "voice longer": (
        lambda r: rewrite_sound(r / HIS_WAV, lambda s: np.concatenate((s, s))),
        [("IA501", HIS_WAV)],
    ),
    "one body shorter": (lambda r: shorten_scene_of(r, HIS), [("IA502", HIS_BVH)]),
    "job line of nothing": (
        lambda r: (r / "scripts/body_render_job.txt").write_text("20231119_001\n20231119-002\n"),
        [("IA601", "scripts/body_render_job.txt")],
    ),
    "job of another scene": (
        lambda r: (r / "scripts/face_render_job.txt").write_text(f"{HIS}\n20231119_001_099\n"),
        [("IA602", "scripts/face_render_job.txt")],
    ),
    "job line twice": (
        lambda r: (r / "scripts/face_render_job.txt").write_text(f"{HIS}\n{HIS}\n"),
        [("IA603", "scripts/face_render_job.txt")],
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_found_by_its_code_and_nothing_else(copied, damage):
    plant, wanted = DAMAGES[damage]
    plant(copied)
    for deep in (True, False):
        found = [(each.code.code, each.file) for each in check(copied, deep=deep) if each.file != ERRATUM]
        assert found == sorted((code, file) for code, file in wanted if deep or not code_of(code).deep)


def code_of(code: str) -> findings.Code:
    return next(known for known in CODES if known.code == code)


def test_every_code_is_planted():
    planted = {code for _, wanted in DAMAGES.values() for code, _ in wanted}
    assert planted | {"IA008"} == {code.code for code in CODES}


@pytest.mark.parametrize("deep", [True, False])
def test_a_clean_set_gives_no_finding_but_the_published_erratum(made, tmp_path, deep):
    assert [(each.code.code, each.code.severity, each.file) for each in check(made, deep=deep)] == [
        ("IA008", "note", ERRATUM)
    ]
    make_dataset(tmp_path / "small", scenes=3, seconds=1.0)
    assert check(tmp_path / "small", deep=deep) == []


def test_what_a_finding_says_helps(copied):
    swap_actors(copied)
    rewrite_values(copied / HIS_ARKIT, lambda values: values[:20])
    said = {each.file: each.text for each in check(copied, deep=False)}
    assert said[HIS_BVH] == "has the bones of actor 002, not those of 001"
    assert said[HIS_ARKIT] == (
        "does not last as long as what belongs to it: body 1.20 s, raw body 1.20 s, ARKit face 0.67 s, "
        "ICT face 1.20 s, voice 1.20 s"
    )


def test_the_ends_of_a_long_motion_tell_whether_it_is_whole(made, tmp_path):
    short = bvh.read(made / HIS_BVH)
    path = tmp_path / "long.bvh"
    bvh.write(path, bvh.Motion(short.skeleton, np.tile(short.values, (12, 1)), short.frame_time))
    whole = path.read_bytes()
    assert len(whole) > 4 * 65536

    def codes() -> list[str]:
        return [code.code for code, _ in motion.examine(path, deep=False).found]

    assert codes() == []
    assert motion.examine(path, deep=False).frames == 12 * 36
    path.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert codes() == []
    zeros = b" ".join([b"0"] * short.skeleton.channel_count) + b"\n"
    rest = whole.replace(b"Frames: 432", b"Frames: 632").replace(b"0.03333333\n", b"0.03333333\n" + 200 * zeros)
    path.write_bytes(rest)
    assert codes() == []
    path.write_bytes(whole[: len(whole) // 2])
    assert codes() == ["IA202"]
    path.write_bytes(whole[: whole.rindex(b"\n", 0, len(whole) // 2) + 1])
    assert codes() == ["IA203"]


@pytest.mark.parametrize("name", [HIS_BVH, HIS_ARKIT, HIS_WAV])
def test_whatever_a_file_holds_is_a_finding_or_none_and_never_a_crash(copied, name):
    whole = (copied / name).read_bytes()
    seen = survey.look(Dataset.at(copied))
    file = next(file for file in seen.files if file.name == name)
    rng = np.random.default_rng(0)
    spoilt = 0
    for _ in range(60):
        content = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
        # Heads are short and what they say is believed: half of the bytes go there.
        for place in rng.integers(0, rng.choice([min(200, len(content)), len(content)]), 4):
            content[place] = rng.integers(0, 256)
        file.path.write_bytes(content)
        for deep in (True, False):
            spoilt += bool(survey.conclude(seen, {file: survey.examine(file, deep=deep)}).findings)
    assert spoilt > 30


def test_a_motion_written_in_an_unusual_way_is_whole(copied):
    replace(copied / HIS_BVH, b"Frames: 36\nFrame Time: 0.03333333\n", b"frame time: .0333333\n\nframes:\t36\n")
    for deep in (True, False):
        assert [each.file for each in check(copied, deep=deep)] == [ERRATUM]


def test_names_cannot_move_the_cursor(copied):
    (copied / "wav" / "a\nb\x1b[2J\udcff.txt").touch()
    (found,) = (each for each in check(copied, deep=False) if each.file != ERRATUM)
    assert found.file == r"wav/a\nb\x1b[2J\udcff.txt"


def test_a_data_set_that_is_all_packed_is_told_so(made, tmp_path):
    for kind in inventory.KINDS:
        (tmp_path / f"{kind.folder}_part1.zip").touch()
    codes = [(each.code.code, each.file) for each in survey.conclude(survey.look(survey.find(tmp_path)), {}).findings]
    assert codes == [
        *(("IA002", f"{name}_part1.zip") for name in ("bvhs", "bvhs_retarget", "face_arkit", "face_ict", "wav")),
        ("IA101", "actors.db"),
        ("IA101", "scenarios.db"),
    ]


def test_an_actor_who_was_measured_anew_one_day_is_told_once(copied):
    for scene in ("001", "006"):
        longer_shins(copied / f"bvhs_retarget/20231119_001_{scene}.bvh")
        shutil.copy(
            copied / "bvhs_retarget/20240128_001_005.bvh",
            copied / f"bvhs_retarget/20240128_001_{int(scene) + 20:03d}.bvh",
        )
    told = [each for each in check(copied, deep=False) if each.code is findings.OTHER_BONES]
    assert [(each.file, each.text) for each in told] == [
        (HIS_BVH, "has other bones than 3 of the motions of actor 001; so have all 2 of 20231119")
    ]


def test_codes_are_in_order_and_each_is_there_once():
    names = [code.code for code in CODES]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"IA\d{3}", name) for name in names)
    assert all(code.severity in findings.SEVERITIES for code in CODES)
