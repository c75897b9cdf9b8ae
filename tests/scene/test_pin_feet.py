"""Feet that stand keep standing, judged by steps that are known and by where Blender puts the bones."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, layout, rest_pose, rotations
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite, feet, pin_feet, retarget
from blender_addon.scene.options import CompositeOptions
from blender_addon.scene.rig_pose import RigPose

from . import rig_maker as make
from . import walk_maker
from .test_retarget import MOCAP, captures

SCENE = SceneId("20231119", "001")
SIDES = {"L": "Left", "R": "Right"}


@pytest.fixture(scope="module")
def walk() -> walk_maker.Walk:
    return walk_maker.walk()


def reshaped(stood: rest_pose.RestPose, *, thigh: float = 1.0, leg: float = 1.0, foot: float = 1.0) -> np.ndarray:
    """Heads of a body whose thighs, legs and feet are so many times as long, its hips where they were."""
    heads = stood.heads.copy()
    for side in "LR":
        hip, knee, ankle = (stood.roles[f"{role}.{side}"] for role in ("thigh", "shin", "foot"))
        upper, lower = stood.heads[knee] - stood.heads[hip], stood.heads[ankle] - stood.heads[knee]
        whole = (np.linalg.norm(upper) + np.linalg.norm(lower)) * leg
        rest = whole - np.linalg.norm(upper) * leg * thigh
        heads[knee] = heads[hip] + upper * leg * thigh
        heads[ankle] = heads[knee] + lower / np.linalg.norm(lower) * rest
        toe = stood.roles.get(f"toe.{side}")
        if toe is not None:
            heads[toe] = heads[ankle] + (stood.heads[toe] - stood.heads[ankle]) * (foot, foot, 1.0)
    return heads


def rig_of(body: bvh.Skeleton, **shape) -> retarget.RigRest:
    stood = rest_pose.stand(body)
    turns = np.random.default_rng(2).normal(size=(4, len(stood.names)))
    rest = rotations.to_matrix(turns / np.linalg.norm(turns, axis=0))
    always = (True,) * len(stood.names)
    return retarget.RigRest(
        stood.names, stood.parents, rest, reshaped(stood, **shape), np.eye(4), always, always, stood.roles
    )


class Fitted:
    """A motion on a rig without Blender: its feet, and its poses by retargeting alone and with pinned feet."""

    def __init__(self, motion: bvh.Motion, rig: retarget.RigRest, farther: float = 1.0) -> None:
        pairs = retarget.driven_bones(motion, rig)
        scale = retarget.pair_scales([motion], [rig])[0]
        scale = replace(scale, floor=scale.floor * farther)
        self.channels = retarget.retarget(motion, rig, pairs, scale)
        self.feet = feet.of_person(motion, rig, pairs, scale, None, np.zeros(3))
        self.pinned = pin_feet.pin(rig, self.channels, self.feet, motion.fps)
        self.before, self.after = RigPose(rig, self.channels), RigPose(rig, self.pinned.channels)


def knee_speed(thigh: np.ndarray, shin: np.ndarray, foot: np.ndarray) -> float:
    """The fastest bend of a knee, degrees a second, from three joints (3, N)."""
    upper, lower = shin - thigh, foot - shin
    cosine = (upper * lower).sum(axis=0) / np.linalg.norm(upper, axis=0) / np.linalg.norm(lower, axis=0)
    return float(np.abs(np.diff(np.degrees(np.arccos(np.clip(cosine, -1, 1))))).max() * walk_maker.FPS)


def leg_speeds(pose: RigPose, found: tuple[feet.Foot, ...]) -> list[float]:
    return [knee_speed(*(pose.head(bone) for bone in (foot.thigh, foot.shin, foot.foot))) for foot in found]


def way(track: np.ndarray, rests: np.ndarray) -> float:
    """How far along the floor (3, N) goes while it should rest, metres."""
    return float(np.linalg.norm(np.diff(track[:2], axis=1), axis=0)[rests[:-1] & rests[1:]].sum())


def slide(walk: walk_maker.Walk, heads: dict[str, np.ndarray]) -> float:
    """How far the resting joints of a walk go in all; heads: (3, N) by joint name."""
    joints = (("Foot", walk.heel), ("ToeBase", walk.ball))
    return sum(way(heads[f"{SIDES[s]}{joint}"], rests[s]) for joint, rests in joints for s in "LR")


def heads_of(pose: RigPose, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: pose.head(bone) for bone, name in enumerate(names)}


SHAPES = {
    "longer shins": {"thigh": 0.85},
    "longer thighs": {"thigh": 1.15},
    "shorter legs, smaller feet": {"thigh": 0.85, "leg": 0.93, "foot": 0.85},
    "longer legs, larger feet": {"thigh": 0.9, "leg": 1.1, "foot": 1.2},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("farther", [1.0, 0.9, 1.1])
def test_feet_rest_where_the_captured_feet_rest_and_knees_do_not_pop(walk, shape, farther):
    names = walk.motion.skeleton.names
    fitted = Fitted(walk.motion, rig_of(walk.motion.skeleton, **shape), farther)
    before, after = (slide(walk, heads_of(pose, names)) for pose in (fitted.before, fitted.after))
    assert before > 0.2
    assert after < 0.02 * before
    source = leg_speeds(Fitted(walk.motion, rig_of(walk.motion.skeleton)).before, fitted.feet)
    for pinned, own in zip(leg_speeds(fitted.after, fitted.feet), source, strict=True):
        assert pinned < 1.35 * own


def test_on_the_actors_own_legs_next_to_nothing_moves(walk):
    fitted = Fitted(walk.motion, rig_of(walk.motion.skeleton))
    for foot in fitted.feet:
        assert np.abs(fitted.after.head(foot.foot) - fitted.before.head(foot.foot)).max() < 0.01
    assert fitted.pinned.lowered < 0.005


def test_soles_stay_at_the_height_that_the_capture_has(walk):
    fitted = Fitted(walk.motion, rig_of(walk.motion.skeleton, thigh=0.85))
    for foot in fitted.feet:
        flat = walk.heel[foot.side] & walk.ball[foot.side]
        for pose, far in ((fitted.before, True), (fitted.after, False)):
            off = np.abs(pose.head(foot.foot)[2] - foot.ankle[2])[flat].max()
            assert (off > 0.005) == far, off


def test_where_no_foot_stands_nothing_changes(walk):
    """Somebody who is carried through the air in the middle of his walk."""
    values = walk.motion.values.copy()
    frames = np.arange(len(values))
    values[:, 1] += 80.0 * np.clip(np.minimum(frames - 80, 150 - frames) / 5.0, 0.0, 1.0)
    fitted = Fitted(replace(walk.motion, values=values), rig_of(walk.motion.skeleton, thigh=0.85))
    assert not any(foot.contact.down[86:145].any() for foot in fitted.feet)
    away = slice(98, 133)  # what a correction needs to come and go
    for bone, track in fitted.channels.rotations.items():
        assert np.abs(track - fitted.pinned.channels.rotations[bone])[:, away].max() < 1e-9
    for bone, track in fitted.channels.locations.items():
        assert np.abs(track - fitted.pinned.channels.locations[bone])[:, away].max() < 1e-9
    moved = [np.abs(fitted.after.head(f.foot) - fitted.before.head(f.foot)).max() for f in fitted.feet]
    assert min(moved) > 0.005


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("deepest", [0.9, 0.6, 0.35])
def test_a_squat_stays_a_squat_on_feet_that_rest(shape, deepest):
    motion = walk_maker.squat(deepest=deepest)
    fitted = Fitted(motion, rig_of(motion.skeleton, **shape))
    source = Fitted(motion, rig_of(motion.skeleton))
    rests = np.ones(motion.frames, dtype=bool)
    for foot, own in zip(fitted.feet, leg_speeds(source.before, source.feet), strict=True):
        ankle = fitted.after.head(foot.foot)
        assert way(ankle, rests) < 0.001
        assert np.abs(ankle[2] - foot.ankle[2]).max() < 0.005
        joints = [fitted.after.head(bone) for bone in (foot.thigh, foot.shin, foot.foot)]
        assert knee_speed(*joints) < 2.0 * own
        # The knee goes on pointing forwards: -Y.
        line = (joints[0] + joints[2]) / 2
        assert (joints[1][1] < line[1]).all()


def test_who_stands_and_squats_has_his_feet_where_he_stands():
    motion = walk_maker.squat(deepest=0.35)
    fitted = Fitted(motion, rig_of(motion.skeleton, thigh=0.85))
    for foot in fitted.feet:
        off = np.linalg.norm((fitted.after.head(foot.foot) - fitted.before.head(foot.foot))[:2], axis=0)
        assert off[45] > 0.05
        assert max(off[0], off[-1]) < 0.25 * off[45]


def test_hips_are_lowered_by_a_little_at_most_where_legs_are_far_too_short(walk):
    fitted = Fitted(walk.motion, rig_of(walk.motion.skeleton), farther=1.5)
    leg = sum(np.linalg.norm(fitted.before.head(b)[:, 0] - fitted.before.head(a)[:, 0]) for a, b in
              ((fitted.feet[0].thigh, fitted.feet[0].shin), (fitted.feet[0].shin, fitted.feet[0].foot)))  # fmt: skip
    assert 0.02 < fitted.pinned.lowered <= 0.06 * leg + 1e-9
    hips = walk.motion.skeleton.names.index("Hips")
    way_of_hips = fitted.after.head(hips) - fitted.before.head(hips)
    assert np.abs(way_of_hips[:2]).max() < 1e-9
    assert np.abs(way_of_hips[2].min() + fitted.pinned.lowered) < 1e-9
    assert np.abs(np.diff(way_of_hips[2])).max() < 0.01
    for foot in fitted.feet:
        assert np.isfinite(fitted.after.head(foot.foot)).all()


def test_a_foot_that_creeps_is_followed_without_jerks(walk):
    """Somebody who stands and is pushed along the floor at 5 cm a second, his feet at rest to a slow eye."""
    values = np.repeat(walk.motion.values[:1], 150, axis=0)
    values[:, 2] += np.linspace(0.0, 25.0, 150)
    fitted = Fitted(replace(walk.motion, values=values), rig_of(walk.motion.skeleton, thigh=0.85))
    for foot in fitted.feet:
        assert foot.contact.down.all()
        off = fitted.after.head(foot.foot) - fitted.before.head(foot.foot)
        assert np.linalg.norm(off[:2], axis=0).max() < 0.06
        assert np.linalg.norm(np.diff(fitted.after.head(foot.foot), axis=1), axis=0).max() < 0.004


@captures
@pytest.mark.parametrize("thigh", [0.85, 1.15])
@pytest.mark.parametrize("path", MOCAP, ids=lambda path: path.stem)
def test_captured_feet_rest_on_other_legs(path, thigh):
    """One walks, one kneels down and gets up."""
    motion = bvh.read(path)
    fitted = Fitted(motion, rig_of(motion.skeleton, thigh=thigh))
    source = Fitted(motion, rig_of(motion.skeleton))
    before, after = (sum(foot.steps(pose).sum() for foot in fitted.feet) for pose in (fitted.before, fitted.after))
    assert before > 0.2
    assert after < 0.05 * before
    own = leg_speeds(source.before, source.feet)
    assert all(pinned < 2.0 * speed for pinned, speed in zip(leg_speeds(fitted.after, fitted.feet), own, strict=True))


def armature(name: str, motion: bvh.Motion, mode: str, **shape) -> bpy.types.Object:
    """A real rig of other legs in an A-pose, its bones rolled anyhow, with a twist bone in the left thigh."""
    bones = make.bones_of(motion.skeleton)
    bones.heads = reshaped(rest_pose.stand(motion.skeleton), **shape)
    bones = make.add_bone(make.a_pose(bones), "Twist", "LeftLeg")
    bones.rolls = np.random.default_rng(5).uniform(-3, 3, len(bones.names))
    item = make.armature(name, bones)
    for bone in item.pose.bones:
        bone.rotation_mode = mode
    return item


def evaluated(item: bpy.types.Object, frames: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """World heads (3, N) and orientations (3, 3, N) of all bones as Blender evaluates them."""
    matrices = np.empty((frames, len(item.pose.bones), 4, 4))
    for frame in range(frames):
        bpy.context.scene.frame_set(frame + 1)
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices[frame] = [shown.matrix_world @ bone.matrix for bone in shown.pose.bones]
    tracks = dict(zip([bone.name for bone in item.pose.bones], matrices.transpose(1, 2, 3, 0), strict=True))
    return {n: m[:3, 3] for n, m in tracks.items()}, {n: m[:3, :3] for n, m in tracks.items()}


@pytest.mark.parametrize("mode", ["QUATERNION", "ZXY"])
def test_a_pair_walks_on_resting_feet_in_blender(tmp_path, walk, mode):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    other = walk_maker.walk("002", steps=4, at=90.0)
    walks = {"001": replace(walk, motion=_from(walk.motion, at=-45.0)), "002": other}
    shapes = {"001": {"thigh": 0.85}, "002": {"thigh": 1.1, "leg": 1.04, "foot": 1.1}}
    rigs = {a: armature(f"actor_{a}", w.motion, mode, **shapes[a]) for a, w in walks.items()}
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", {a: w.motion for a, w in walks.items()}))
    poses = []
    for options in (CompositeOptions(), CompositeOptions(pin_feet=True)):
        done = composite.composite(bpy.context.scene, data, SCENE, options=options)
        poses.append({actor: evaluated(rigs[actor], walks[actor].motion.frames) for actor in walks})
    assert done.frames == walk.motion.frames
    for actor, its in walks.items():
        (before, turned_before), (after, turned_after) = (pose[actor] for pose in poses)
        assert slide(its, before) > 0.1
        assert slide(its, after) < 0.2 * slide(its, before)
        positions = bvh.forward_kinematics(its.motion)[0]
        for side in SIDES.values():
            joints = [f"{side}{joint}" for joint in ("UpLeg", "Leg", "Foot")]
            source = knee_speed(*(positions[its.motion.skeleton.names.index(name)] for name in joints))
            assert knee_speed(*(after[name] for name in joints)) < 2.0 * source
            assert np.abs(turned_after[f"{side}Foot"] - turned_before[f"{side}Foot"]).max() < 1e-4
            # Hands hang on the hips, which are lowered together, by little.
            hand = after[f"{side}Hand"] - before[f"{side}Hand"]
            assert np.abs(hand - (after["Hips"] - before["Hips"])).max() < 1e-4
            assert np.abs(hand[:2]).max() < 1e-4
            assert np.abs(hand).max() <= done.report.lowered_mm[actor] / 1000 + 1e-4
    told = [line for line in done.notices if "feet" in line]
    assert len(told) == 1
    assert told[0].startswith("standing feet slid ")


def _from(motion: bvh.Motion, at: float) -> bvh.Motion:
    values = motion.values.copy()
    values[:, 0] += at
    return replace(motion, values=values)


def test_a_rig_without_feet_is_told_and_walks_as_before(tmp_path, walk):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    motions = {"001": walk.motion, "002": _from(walk.motion, 90.0)}
    for actor, motion in motions.items():
        bones = make.bones_of(motion.skeleton)
        if actor == "002":
            bones.names = ["Stump" + name[0] if "Foot" in name or "Toe" in name else name for name in bones.names]
            bones.names = [f"{name}{n}" if name.startswith("Stump") else name for n, name in enumerate(bones.names)]
        make.armature(f"actor_{actor}", bones)
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    done = composite.composite(bpy.context.scene, data, SCENE, options=CompositeOptions(pin_feet=True))
    assert any(line.startswith("actor 002: feet are not pinned") for line in done.notices)
    assert {foot.actor for foot in done.report.feet} == {"001"}


def test_without_root_motion_feet_are_to_slide(tmp_path, walk):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    motions = {"001": walk.motion, "002": _from(walk.motion, 90.0)}
    for actor, motion in motions.items():
        make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    options = CompositeOptions(pin_feet=True, root_motion=False)
    done = composite.composite(bpy.context.scene, data, SCENE, options=options)
    assert "feet are not pinned: without root motion they are to slide" in done.notices
    assert done.report.feet[0].pinned_mm is None
