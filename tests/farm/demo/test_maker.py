"""The made data set: facts about its files, read back as any user of the data set would read them."""

from __future__ import annotations

import sqlite3
import wave
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh, rotations
from blender_addon.dataset.blendshapes import ARKIT_NAMES, ICT_NAMES, load_arkit, load_weights
from blender_addon.dataset.ict_arkit import to_arkit
from blender_addon.dataset.layout import FOLDERS, Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from farm.demo.files import MARKER
from farm.demo.maker import MadeDataset, make_dataset, scene_id
from farm.errors import FarmError

SECONDS = 8.0
FRAMES = 240


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadeDataset:
    """All five sessions, so that every actor is seen."""
    return make_dataset(tmp_path_factory.mktemp("made"), scenes=5, seconds=SECONDS)


@pytest.fixture(scope="module")
def bodies(made) -> dict[str, tuple[bvh.Motion, dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Each retargeted motion with the positions (3, N) and turns (4, N) of its joints by name."""
    result = {}
    for path in sorted((made.root / "bvhs_retarget").glob("*.bvh")):
        motion = bvh.read(path)
        positions, turns = bvh.forward_kinematics(motion)
        names = motion.skeleton.names
        result[path.stem] = motion, dict(zip(names, positions, strict=True)), dict(zip(names, turns, strict=True))
    return result


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768.0


def loudness(path: Path) -> np.ndarray:
    """Root mean square of each 30th of a second."""
    return np.sqrt((read_wav(path).reshape(-1, 1600) ** 2).mean(axis=1))


def decibels(value: float) -> np.ndarray:
    return 20.0 * np.log10(np.maximum(value, 1e-9))


def to_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distances (N,) of points from segments, all (3, N)."""
    along = end - start
    part = np.clip(np.sum((point - start) * along, axis=0) / np.sum(along * along, axis=0), 0.0, 1.0)
    return np.linalg.norm(point - start - part * along, axis=0)


def heading(turn: np.ndarray) -> np.ndarray:
    """Where +Z points on the floor: unit vectors (2, N)."""
    ahead = rotations.rotate(turn, np.array([0.0, 0.0, 1.0]))[[0, 2]]
    return ahead / np.linalg.norm(ahead, axis=0)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first = make_dataset(tmp_path / "a", scenes=2, seconds=1.5, seed=7, mess=True)
    second = make_dataset(tmp_path / "b", scenes=2, seconds=1.5, seed=7, mess=True)
    assert contents(first.root) == contents(second.root)
    other = make_dataset(tmp_path / "c", scenes=2, seconds=1.5, seed=8)
    name = "bvhs/20231119_001_001.bvh"
    assert contents(other.root)[name] != contents(first.root)[name]


def test_a_scene_does_not_depend_on_how_many_there_are(tmp_path):
    one = contents(make_dataset(tmp_path / "one", scenes=1, seconds=1.5).root)
    two = contents(make_dataset(tmp_path / "two", scenes=2, seconds=1.5).root)
    files = [name for name in one if name.startswith(("bvhs", "face_", "wav"))]
    assert len(files) == 10
    assert all(one[name] == two[name] for name in files)


def test_scenes_are_spread_over_the_sessions(made):
    assert [str(scene) for scene in made.scenes] == [
        "20231119_001",
        "20231126_002",
        "20231208_003",
        "20240126_034",
        "20240128_005",
    ]
    assert all((made.root / folder).is_dir() for folder in FOLDERS)
    assert made.body_job.read_text().split() == [str(scene) for scene in made.scenes]
    assert made.defects == ()


def test_scene_ids_stay_apart_where_the_erratum_takes_a_number():
    ids = [scene_id(number) for number in range(1, 61)]
    assert len(set(ids)) == 60
    assert (ids[3], ids[33]) == (SceneId("20240126", "034"), SceneId("20240126", "004"))


def test_databases_hold_the_actors_sessions_and_scenarios(made):
    with closing(sqlite3.connect(made.root / "actors.db")) as database:
        actors = dict(database.execute("SELECT actor_id, gender FROM actors"))
        sessions = database.execute("SELECT date, male_id, female_id FROM sessions").fetchall()
    assert {actor for actor, gender in actors.items() if gender == "female"} == {"002", "006", "007"}
    assert {actor for actor, gender in actors.items() if gender == "male"} == {"001", "003", "005", "008"}
    assert ("20240126", "008", "006") in sessions
    assert len(sessions) == 5
    with closing(sqlite3.connect(made.root / "scenarios.db")) as database:
        rows = database.execute(
            "SELECT s.id, r.name, e.name, s.character_setup, s.scenario FROM scenarios s "
            "JOIN relationships r ON r.id = s.relationship_id JOIN emotions e ON e.id = s.primary_emotion_id"
        ).fetchall()
    assert {int(scene.scenario) for scene in made.scenes} <= {row[0] for row in rows}
    assert len({row[1] for row in rows}) >= 4
    assert len({row[2] for row in rows}) >= 5
    assert len({row[4] for row in rows}) >= 12


def test_raw_and_retargeted_motion_put_every_joint_in_one_place(made, bodies):
    assert len(bodies) == 10
    for name, (motion, positions, _) in bodies.items():
        raw = bvh.read(made.root / "bvhs" / f"{name}.bvh")
        raw_positions, _ = bvh.forward_kinematics(raw)
        assert raw.skeleton.names == motion.skeleton.names
        assert np.abs(raw_positions - np.stack(list(positions.values()))).max() < 0.01  # cm


def test_skeletons_have_the_form_of_interact(made, bodies):
    raw = bvh.read(made.root / "bvhs" / "20231119_001_001.bvh").skeleton
    motion, _, _ = bodies["20231119_001_001"]
    for skeleton in (raw, motion.skeleton):
        assert len(skeleton.names) == 60
        assert len(skeleton.ends) == 13
        assert skeleton.offsets[0] == pytest.approx((0.0, 86.85, 0.0))
        assert [len(channels) for channels in skeleton.channels] == [6] + [3] * 59
        assert skeleton.channels[0][:3] == ("Xposition", "Yposition", "Zposition")
    assert raw.offsets[raw.names.index("Spine")] == pytest.approx((0.0, 0.0, 10.27))
    rest = dict(zip(motion.skeleton.names, motion.skeleton.rest_positions(), strict=True))
    assert rest["Head"][1] > 140
    assert rest["LeftHand"][0] > 60
    assert rest["RightHand"][0] < -60
    assert rest["LeftToeBase"][2] > 10
    assert motion.skeleton.channels[1] == ("Zrotation", "Xrotation", "Yrotation")
    assert (motion.frames, motion.frame_time) == (FRAMES, 0.03333333)


def test_feet_are_planted_and_hips_at_their_height(bodies):
    for motion, positions, turns in bodies.values():
        hips = motion.skeleton.offsets[0][1]
        for side in ("Left", "Right"):
            ankle, toe = positions[f"{side}Foot"], positions[f"{side}ToeBase"]
            assert np.ptp(ankle, axis=1).max() < 0.2  # cm
            assert np.ptp(toe, axis=1).max() < 0.2
            rest = dict(zip(motion.skeleton.names, motion.skeleton.rest_positions(), strict=True))
            assert np.abs(toe[1] - rest[f"{side}ToeBase"][1]).max() < 0.2
            up = rotations.rotate(turns[f"{side}Foot"], np.array([0.0, 1.0, 0.0]))
            assert up[1].min() > 0.9999
        height = positions["Hips"][1]
        assert (height > 0.97 * hips).all()
        assert (height < hips).all()
        assert np.ptp(positions["Hips"], axis=1)[[0, 2]].max() > 1.0  # the weight does shift


def test_the_two_stand_face_to_face(made, bodies):
    for scene in made.scenes:
        (_, first, a), (_, second, b) = (
            bodies[name] for name in sorted(bodies) if name.startswith(scene.date) and name.endswith(scene.scenario)
        )
        between = (second["Hips"] - first["Hips"])[[0, 2]]
        distance = np.linalg.norm(between, axis=0)
        assert distance.min() > 120
        assert distance.max() < 160
        between = between / distance
        assert np.sum(heading(a["Spine3"]) * between, axis=0).min() > np.cos(np.radians(30))
        assert np.sum(heading(b["Spine3"]) * -between, axis=0).min() > np.cos(np.radians(30))
        assert np.mean(np.sum(heading(a["Head"]) * between, axis=0)) > np.cos(np.radians(15))


def test_hands_stay_out_of_the_body_and_arms_below_the_shoulders(bodies):
    for _, positions, _ in bodies.values():
        axis = [positions[name] for name in ("Hips", "Spine1", "Spine3", "Neck")]
        for side in ("Left", "Right"):
            for joint in ("Hand", "HandMiddle3"):
                hand = positions[f"{side}{joint}"]
                assert min(to_segment(hand, *bone).min() for bone in pairwise(axis)) > 12
            elbow, shoulder = positions[f"{side}ForeArm"], positions[f"{side}Arm"]
            assert (elbow[1] < shoulder[1] - 10).all()
            assert np.mean(positions[f"{side}Hand"][1] < shoulder[1]) > 0.95
        assert np.linalg.norm(positions["LeftHand"] - positions["RightHand"], axis=0).min() > 8


def test_hands_gesture_while_their_person_speaks_and_hang_while_he_listens(made, bodies):
    moving = {True: [], False: []}
    for name, (_, positions, _) in bodies.items():
        loud = decibels(loudness(made.root / "wav" / f"{name}.wav"))
        speaking = np.convolve(loud > -40, np.ones(9), mode="same")[1:] > 2
        silent = np.convolve(loud > -40, np.ones(61), mode="same")[1:] == 0
        for side in ("Left", "Right"):
            speed = np.linalg.norm(np.diff(positions[f"{side}Hand"], axis=1), axis=0) * 30
            moving[True].append(speed[speaking])
            moving[False].append(speed[silent])
    assert np.concatenate(moving[True]).mean() > 3 * np.concatenate(moving[False]).mean()


def test_motion_is_smooth(bodies):
    for motion, positions, _ in bodies.values():
        places = np.stack(list(positions.values()))
        velocity = np.diff(places, axis=2) * 30
        speed = np.linalg.norm(velocity, axis=1)
        assert speed.max() < 300  # cm/s, finger tips of a lively gesture
        assert np.linalg.norm(np.diff(velocity, axis=2), axis=1).max() * 30 < 4000
        assert np.abs(np.diff(motion.values[:, 3:], axis=0)).max() < 20  # degrees a frame, in any channel
        head = speed[list(positions).index("Head")]
        assert 0.1 < head.mean() < 12  # alive, but no nodding dog


def test_sound_is_as_long_as_the_motion_and_never_clips(made):
    for path in (made.root / "wav").glob("*.wav"):
        sound = read_wav(path)
        assert len(sound) == FRAMES * 1600
        assert -12 < decibels(np.abs(sound).max()) < -3


def test_one_speaks_and_the_other_is_silent(made):
    for scene in made.scenes:
        first, second = (decibels(loudness(p)) for p in sorted((made.root / "wav").glob(f"{scene.date}_*.wav")))
        assert np.mean((first > -35) | (second > -35)) > 0.5
        assert np.mean((first > -35) & (second > -35)) < 0.2
        for speaker, listener in ((first, second), (second, first)):
            assert np.mean(speaker > -35) > 0.1
            assert -74 < np.median(listener[(speaker > -35) & (listener < -50)]) < -66


def test_voices_have_a_pitch_of_their_own(made):
    for scene, low, high in ((made.scenes[0], (80, 180), (150, 330)), (made.scenes[1], (80, 180), (150, 330))):
        for path, (least, most) in zip(sorted((made.root / "wav").glob(f"{scene.date}_*")), (low, high), strict=True):
            sound = read_wav(path)
            middle = int(np.argmax(loudness(path))) * 1600
            piece = sound[max(0, middle - 1200) : middle + 2400]
            echo = np.correlate(piece, piece, mode="full")[len(piece) :]
            lags = slice(48_000 // 340, 48_000 // 78)
            assert least < 48_000 / (lags.start + 1 + int(np.argmax(echo[lags]))) < most


def test_jaw_follows_the_voice(made):
    for path in (made.root / "face_arkit").glob("*.npy"):
        loud = loudness(made.root / "wav" / f"{path.stem}.wav")
        jaw = load_arkit(path)[:, ARKIT_NAMES.index("jawOpen")]
        speaking = np.convolve(decibels(loud) > -40, np.ones(5), mode="same") > 0
        assert np.corrcoef(jaw[speaking], loud[speaking])[0, 1] > 0.5
        assert jaw[speaking].max() > 0.25
        silent = np.convolve(decibels(loud) > -60, np.ones(9), mode="same") == 0
        assert jaw[silent].max(initial=0.0) < 0.05


def test_face_weights_have_their_shapes_and_ranges(made):
    paths = sorted((made.root / "face_arkit").glob("*.npy"))
    assert len(paths) == 9
    for path in paths:
        arkit = load_arkit(path)
        ict = load_weights(made.root / "face_ict" / path.name, len(ICT_NAMES), "ICT")
        assert arkit.shape == (FRAMES, 51)
        assert ict.shape == (FRAMES, 55)
        assert np.load(path).dtype == np.float32
        for weights in (arkit, ict):
            assert weights.min() >= 0
            assert weights.max() <= 1
        assert np.array_equal(to_arkit(ict), arkit)
        assert (ict[:, ICT_NAMES.index("jawOpen")] == arkit[:, ARKIT_NAMES.index("jawOpen")]).all()
        assert (ict[:, ICT_NAMES.index("eyeBlink_R")] == arkit[:, ARKIT_NAMES.index("eyeBlinkRight")]).all()
        shut = arkit[:, ARKIT_NAMES.index("eyeBlinkLeft")] > 0.6
        assert 1 <= np.sum(np.diff(shut.astype(int)) > 0) <= 6
        assert (arkit[:, ARKIT_NAMES.index("mouthClose")] <= arkit[:, ARKIT_NAMES.index("jawOpen")] + 1e-6).all()


def test_the_erratum_has_no_face(made):
    dataset = Dataset.at(made.root)
    erratum = PerformanceId.parse("20240126_006_034")
    assert dataset.motion(erratum).is_file()
    assert dataset.wav(erratum).is_file()
    assert not dataset.face_arkit(erratum).exists()
    assert not dataset.face_ict(erratum).exists()
    jobs = made.face_job.read_text().split()
    assert str(erratum) not in jobs
    assert len(jobs) == 9


def test_mess_is_there_and_the_reader_puts_it_right(tmp_path):
    made = make_dataset(tmp_path, scenes=2, seconds=2.0, mess=True)
    assert len(made.defects) == 8
    bodies = made.root / "bvhs_retarget"
    holed = bvh.read(bodies / "20231119_001_001.bvh")
    assert np.isfinite(holed.values).all()
    assert "LeftHand is not a number in frame 10" in " ".join(holed.notices)
    assert len(load_arkit(made.root / "face_arkit" / "20231119_001_001.npy")) == 57
    assert bvh.read(bodies / "20231119_002_001.bvh").frames == 56
    miscounted = bvh.read(bodies / "20231126_003_002.bvh")
    assert "says 65 frames and has 60" in miscounted.notices[0]
    assert len(read_wav(made.root / "wav" / "20231126_003_002.wav")) == 67 * 1600
    windows = bodies / "20231126_007_002.bvh"
    assert windows.read_bytes().count(b"\r\n") == windows.read_bytes().count(b"\n")
    assert bvh.read(windows).frames == 60
    assert not (made.root / "wav" / "20231126_007_002.wav").exists()
    job = made.body_job.read_bytes().decode()
    assert job.split("\r\n") == ["# scenes to render", "20231119_001", "", "20231126_002", "20231119_001", ""]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FarmError, match=str(tmp_path)):
        make_dataset(tmp_path, scenes=1, seconds=1.0)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}
    with pytest.raises(FarmError, match="is a file"):
        make_dataset(tmp_path / "thesis.txt", scenes=1, seconds=1.0)


def test_a_made_folder_is_made_again_without_leftovers(tmp_path):
    root = make_dataset(tmp_path / "again", scenes=2, seconds=1.0).root
    render = root / "body_renders" / "20231119_001.mp4"
    render.write_bytes(b"rendered by the user")
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    with open(root / MARKER, "a", encoding="utf-8") as file:
        file.write("../outside.txt\n")
    make_dataset(root, scenes=1, seconds=1.0)
    assert render.read_bytes() == b"rendered by the user"
    assert outside.is_file()
    assert not list(root.rglob("20231126_*"))
    render.unlink()
    assert contents(root) == contents(make_dataset(tmp_path / "fresh", scenes=1, seconds=1.0).root)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scenes": 0},
        {"scenes": 1, "mess": True},
        {"scenes": 1000},
        {"seconds": 0.2},
        {"seconds": float("nan")},
        {"seed": -1},
    ],
)
def test_numbers_that_make_no_data_set_are_refused(tmp_path, wrong):
    with pytest.raises(FarmError):
        make_dataset(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()
