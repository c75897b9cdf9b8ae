"""Makes a small data set that has the form of InterAct's, so that everything can be tried without the real one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import bvh
from blender_addon.dataset.blendshapes import save_weights
from blender_addon.dataset.layout import ERRATA_WITHOUT_FACE, FPS, Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from farm.errors import FarmError

from . import databases
from .attention import attend
from .bodyfile import raw_motion, retargeted_motion
from .conversation import converse
from .face import face_weights, to_ict
from .files import finish_folder, prepare_folder, write_whole
from .mess import make_mess
from .motion import face_to_face, perform
from .scenarios import emotion, scenario
from .sentences import lip_acc_job, make_sentences
from .skeletons import actors, sessions
from .speech import SAMPLE_RATE, speak, write_wav

#: The scenario whose number the published erratum names; the scene that has it swaps numbers with number 4.
_ERRATUM_SCENARIO = 34
_LAST_SCENARIO = 999
_SCENARIOS_IN_DATABASE = 40  # as many at least, so that the databases of small sets are the same
_SHORTEST, _LONGEST = 1.0, 600.0  # seconds


@dataclass(frozen=True)
class MadeDataset:
    """What was made: its folder, scenes and job files, and one sentence for each defect put in on purpose.

    lip_acc_job: None where no sentences were asked for.
    """

    root: Path
    scenes: tuple[SceneId, ...]
    body_job: Path
    face_job: Path
    defects: tuple[str, ...] = ()
    lip_acc_job: Path | None = None


def make_dataset(
    root: Path, *, scenes: int = 2, seconds: float = 4.0, seed: int = 0, mess: bool = False, sentences: int = 0
) -> MadeDataset:
    """Make a data set of `scenes` conversations, and `sentences` of lip_acc, of `seconds` each under `root`.

    Motion is 30 frames a second, sound 48 kHz, both exactly as long as round(seconds * 30) frames. The same seed
    gives the same bytes on one machine, and a scene does not depend on how many there are. `mess` adds what real
    data has: different lengths, a missing sound, broken counts and numbers. Raises FarmError for a folder that
    holds something else, and for numbers that make no data set.
    """
    _check(scenes, seconds, seed, mess, sentences)
    root = Path(root).absolute()
    before = prepare_folder(root)
    dataset = Dataset(root)
    databases.write_scenarios(dataset.scenarios_db, max(scenes, _SCENARIOS_IN_DATABASE))
    databases.write_actors(dataset.actors_db)
    ids = tuple(scene_id(number) for number in range(1, scenes + 1))
    for number, scene in enumerate(ids, 1):
        _make_scene(dataset, scene, round(seconds * FPS), np.random.SeedSequence([seed, number]))
    performances = [performance for scene in ids for performance in _performances(scene)]
    write_whole(dataset.body_job, "".join(f"{scene}\n" for scene in ids).encode())
    faces = [performance for performance in performances if performance not in ERRATA_WITHOUT_FACE]
    write_whole(dataset.face_job, "".join(f"{performance}\n" for performance in faces).encode())
    defects = make_mess(dataset, performances) if mess else ()
    spoken = make_sentences(root, sentences, round(seconds * FPS), seed) if sentences else []
    finish_folder(root, _made_files(dataset, performances, spoken), before)
    return MadeDataset(root, ids, dataset.body_job, dataset.face_job, defects, lip_acc_job(root) if spoken else None)


def _check(scenes: int, seconds: float, seed: int, mess: bool, sentences: int) -> None:
    least = 2 if mess else 1
    if not least <= scenes <= _LAST_SCENARIO:
        raise FarmError(f"{scenes} scenes cannot be made; ask for {least} to {_LAST_SCENARIO}")
    if not _SHORTEST <= seconds <= _LONGEST:
        raise FarmError(f"scenes of {seconds} seconds cannot be made; ask for {_SHORTEST:g} to {_LONGEST:g}")
    if not 0 <= sentences <= _LAST_SCENARIO:
        raise FarmError(f"{sentences} sentences cannot be made; ask for 0 to {_LAST_SCENARIO}")
    if seed < 0:
        raise FarmError(f"the seed must not be negative, it is {seed}")


def scene_id(number: int) -> SceneId:
    """Scene `number`, from 1: each belongs to the session after the one before."""
    session = sessions()[(number - 1) % len(sessions())]
    swapped = {4: _ERRATUM_SCENARIO, _ERRATUM_SCENARIO: 4}
    return SceneId(session.date, f"{swapped.get(number, number):03d}")


def _performances(scene: SceneId) -> tuple[PerformanceId, PerformanceId]:
    """The man's and the woman's part."""
    session = next(session for session in sessions() if session.date == scene.date)
    return scene.performance(session.male), scene.performance(session.female)


def _make_scene(dataset: Dataset, scene: SceneId, frames: int, seed: np.random.SeedSequence) -> None:
    plan, stage, *own = (np.random.default_rng(child) for child in seed.spawn(10))
    gaze, body, face, voice = own[0:2], own[2:4], own[4:6], own[6:8]
    mood = emotion(scenario(int(scene.scenario)).emotion)
    times = np.arange(frames) / FPS
    performances = _performances(scene)
    cast = [actors()[performance.actor] for performance in performances]
    parts = converse(plan, frames / FPS, mood.energy)
    attentions = [attend(rng, part, times, mood.energy) for rng, part in zip(gaze, parts, strict=True)]
    poses = perform(body, cast, face_to_face(stage), parts, attentions, mood, times)
    for n, performance in enumerate(performances):
        bvh.write(dataset.bvhs / f"{performance}.bvh", raw_motion(poses[n]))
        bvh.write(dataset.bvhs_retarget / f"{performance}.bvh", retargeted_motion(poses[n]))
        if performance not in ERRATA_WITHOUT_FACE:
            weights = face_weights(face[n], parts[n], attentions[n], mood, times)
            save_weights(dataset.face_arkit(performance), weights)
            save_weights(dataset.face_ict(performance), to_ict(weights))
        samples = frames * SAMPLE_RATE // FPS
        write_wav(dataset.wav(performance), speak(voice[n], cast[n], parts[n].phrases, samples, mood.pitch))


def _made_files(dataset: Dataset, performances: list[PerformanceId], spoken: list[Path]) -> list[str]:
    """The made files that are there, as paths below the root."""
    files = [dataset.scenarios_db, dataset.actors_db, dataset.body_job, dataset.face_job, *spoken]
    for performance in performances:
        files += [dataset.bvhs / f"{performance}.bvh", dataset.bvhs_retarget / f"{performance}.bvh"]
        files += [dataset.face_arkit(performance), dataset.face_ict(performance), dataset.wav(performance)]
    return [path.relative_to(dataset.root).as_posix() for path in files if path.is_file()]
