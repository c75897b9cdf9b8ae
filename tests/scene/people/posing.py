"""A person's surfaces in motion, by linear blend skinning in numpy, and what lies outside what should cover it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from mathutils.bvhtree import BVHTree

from blender_addon.dataset import bvh, joint_roles, makehuman, rest_pose, rotations
from blender_addon.dataset.batch import CAPTURE
from blender_addon.scene import armatures
from blender_addon.scene.people import actor, dress, face, rigged, sheet


@dataclass(frozen=True, eq=False)
class Person:
    """body: as fitted; layers: top, legs (or skirt), shoes, hands, neck and what is bare below a skirt, in the A-pose;
    bones: of the rig that moves them, None for the capture's joints."""

    body: dress.Body
    layers: dict[str, sheet.Sheet]
    bones: armatures.Bones | None = None


class Cover:
    """A surface that covers others, of the quads (F, 4)."""

    def __init__(self, faces: np.ndarray) -> None:
        self.faces = faces
        self._rows = [list(dict.fromkeys(face)) for face in faces.tolist()]
        self._edge_of = {a: (a, b) for a, b in sheet.rim_edges(faces).tolist()}
        self._at_rim = np.array([any(v in self._edge_of for v in row) for row in self._rows])

    def outside(self, points: np.ndarray, cover: np.ndarray) -> np.ndarray:
        """How far (V,) points lie outside the surface whose vertices are at `cover`, m, negative within or where the
        nearest place is its rim: there nothing covers them."""
        tree = BVHTree.FromPolygons(cover.tolist(), self._rows)
        nearest = [tree.find_nearest(point) for point in points.tolist()]
        places, normals = (np.array([hit[part].to_tuple() for hit in nearest]) for part in (0, 1))
        faces = np.array([hit[2] for hit in nearest])
        found = ((points - places) * normals).sum(axis=1)
        for n in np.flatnonzero(self._at_rim[faces]):
            for a, b in (self._edge_of[v] for v in self._rows[faces[n]] if v in self._edge_of):
                along = cover[b] - cover[a]
                share = np.clip((places[n] - cover[a]) @ along / (along @ along), 0, 1)
                if np.linalg.norm(cover[a] + share * along - places[n]) < 1e-4:
                    found[n] = -1.0
        return found

    def beyond(self, point: np.ndarray, cover: np.ndarray, distance: float) -> np.ndarray:
        """The place (3,) that lies `distance` m outside the middle of the face, off the rim, next to a point."""
        faces = self.faces[~np.isin(self.faces, sheet.rim_edges(self.faces)).any(axis=1)]
        middles = cover[faces].mean(axis=1)
        face = faces[((middles - point) ** 2).sum(axis=1).argmin()]
        across = np.cross(cover[face[2]] - cover[face[0]], cover[face[3]] - cover[face[1]])
        return cover[face[:3]].mean(axis=0) + across / np.linalg.norm(across) * distance


@dataclass(frozen=True)
class Pose:
    """Where each joint of the stood rest pose has gone: turns (J, 3, 3), places (J, 3) m."""

    turns: np.ndarray
    places: np.ndarray


def person(assets: Path, name: str, skeleton: bvh.Skeleton, *, female: bool, rig: str = CAPTURE) -> Person:
    """An actor dressed; rig: one of RIGS."""
    body, _ = actor.fitted(makehuman.read(assets), name, rest_pose.stand(skeleton), female=female)
    bones = None
    if rig != CAPTURE:
        chosen = makehuman.rig(body.source, rig)
        bones = rigged.place_bones(body.fit, chosen)
        body = replace(body, fit=replace(body.fit, weights=np.hstack((body.fit.weights, chosen.weights))), rig=chosen)
    clothes = sheet.join(*dress.garments(body))
    layers = {slot: largest(sheet.take(clothes, clothes.materials == dress.SLOT[slot])) for slot in ("top", "legs")}
    layers["shoes"] = sheet.take(clothes, np.isin(clothes.materials, (dress.SLOT["shoes"], dress.SLOT["soles"])))
    if body.skirt:
        bare = sheet.take(clothes, clothes.materials == dress.SLOT[body.skirt])
        layers["bare"] = bare
    layers["hands"] = dress.hands(body)
    head, _ = face.build(body, {}, tuple(makehuman.face_keys(body.source)), "short", female=female)
    layers["neck"] = sheet.take(head, np.isin(head.materials, [dress.SLOT[name] for name in dress.FACE]))
    return Person(body, layers, bones)


def largest(part: sheet.Sheet) -> sheet.Sheet:
    """The largest connected piece of a garment: without the strips that give its hems a thickness."""
    piece = np.arange(len(part.points))
    while True:
        lowest = piece.copy()
        np.minimum.at(lowest, part.faces.ravel(), np.repeat(piece[part.faces].min(axis=1), 4))
        if (lowest == piece).all():
            break
        piece = lowest
    of_face = piece[part.faces[:, 0]]
    return sheet.take(part, of_face == np.bincount(of_face).argmax())


def poses(motion: bvh.Motion, frames: np.ndarray) -> list[Pose]:
    """The poses of some frames of a capture, Blender's axes."""
    rest = motion.skeleton.rest_positions()
    roles = rest_pose.stand(motion.skeleton).roles
    turn, unit = rest_pose.axes(rest, roles), rest_pose.metres_per_unit(rest, roles)
    A = rest_pose.TO_BLENDER["Y"]
    places, turns = bvh.forward_kinematics(motion)
    return [
        Pose(A @ np.concatenate([rotations.to_matrix(t[:, None]) for t in turns[:, :, n]]) @ turn.T,
             places[:, :, n] @ A.T * unit) for n in frames
    ]  # fmt: skip


def posed(rest: rest_pose.RestPose, turned: dict[str, tuple[str, float]]) -> Pose:
    """A pose by hand: {role: (axis of the world at rest, degrees)}."""
    role_of = {joint: role for role, joint in rest.roles.items()}
    turns, places = np.repeat(np.eye(3)[None], len(rest.names), axis=0), rest.heads.copy()
    for joint, parent in enumerate(rest.parents):
        if parent >= 0:
            turns[joint] = turns[parent]
            places[joint] = places[parent] + turns[parent] @ (rest.heads[joint] - rest.heads[parent])
        if role_of.get(joint) in turned:
            axis, degrees = turned[role_of[joint]]
            turn = rotations.to_matrix(rotations.about_axis(axis, np.radians([degrees])))[0]
            turns[joint] = turns[joint] @ turn
    return Pose(turns, places)


def skinned(person: Person, layer: str, pose: Pose) -> np.ndarray:
    """A layer's vertices (V, 3) in a pose, as an armature shows them."""
    fit, part = person.body.fit, person.layers[layer]
    if person.bones:
        return _on_bones(person, layer, pose)
    weights = _weights(person, layer)
    points = fit.pose.to_rest(part.points, weights)
    shifts = pose.places - np.einsum("jab,jb->ja", pose.turns, fit.pose.rest.heads)
    turns = (weights @ pose.turns.reshape(-1, 9)).reshape(-1, 3, 3)
    return np.einsum("vab,vb->va", turns, points) + weights @ shifts


@cache
def _weights(person: Person, layer: str) -> np.ndarray:
    """A layer's weights (V, J) on the joints, or on the rig's bones."""
    weights = person.layers[layer].weights
    if person.bones:
        weights = rigged.bone_weights(weights, person.body.fit.pose.rest, person.body.rig)
    return actor.tidy(weights)


def _on_bones(person: Person, layer: str, pose: Pose) -> np.ndarray:
    """On a rig each bone takes the joint's turn from the A-pose, and what no joint drives follows its parent."""
    fit, bones = person.body.fit, person.bones
    rest, heads = fit.pose.rest, bones.heads
    driver = joint_roles.match(rest.roles, joint_roles.classify(bones.names, bones.parents))
    turns, places = np.repeat(np.eye(3)[None], len(bones.names), axis=0), np.zeros((len(bones.names), 3))
    for bone, parent in enumerate(bones.parents):
        if bone in driver:
            turns[bone] = pose.turns[driver[bone]] @ fit.pose.turns[driver[bone]].T
            places[bone] = pose.places[driver[bone]]
        elif parent >= 0:
            turns[bone] = turns[parent]
            places[bone] = places[parent] + turns[parent] @ (heads[bone] - heads[parent])
    weights = _weights(person, layer)
    shifts = places - np.einsum("jab,jb->ja", turns, heads)
    points = person.layers[layer].points - (0.0, 0.0, fit.floor)
    blended = (weights @ turns.reshape(-1, 9)).reshape(-1, 3, 3)
    return np.einsum("vab,vb->va", blended, points) + weights @ shifts
