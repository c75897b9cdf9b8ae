"""Rotations, judged by numpy's matrices and Blender's mathutils."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from blender_addon.dataset import rotations

ORDERS = ["".join(order) for order in itertools.permutations("XYZ")]


def tracks(count=200, seed=0):
    q = np.random.default_rng(seed).normal(size=(4, count))
    return q / np.linalg.norm(q, axis=0)


def about(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    return {
        "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def euler_matrix(angles, order):
    """Blender's: the first axis of the order turns first."""
    matrix = np.eye(3)
    for axis in order:
        matrix = about(axis, angles["XYZ".index(axis)]) @ matrix
    return matrix


@pytest.mark.parametrize("axis", "XYZ")
def test_about_an_axis_is_the_matrix_about_it(axis):
    angles = np.linspace(-7, 7, 31)
    matrices = rotations.to_matrix(rotations.about_axis(axis, angles))
    assert np.allclose(matrices, [about(axis, angle) for angle in angles])


def test_products_inverses_and_turned_vectors_are_those_of_the_matrices():
    a, b = tracks(seed=1), tracks(seed=2)
    ma, mb = rotations.to_matrix(a), rotations.to_matrix(b)
    vectors = np.random.default_rng(3).normal(size=(3, 200))
    assert np.allclose(rotations.to_matrix(rotations.multiply(a, b)), ma @ mb)
    assert np.allclose(rotations.to_matrix(rotations.inverse(a)), ma.transpose(0, 2, 1))
    assert np.allclose(rotations.rotate(a, vectors), np.einsum("nij,jn->in", ma, vectors))
    assert np.allclose(rotations.rotate(a, np.array([1, 2, 3])), (ma @ (1, 2, 3)).T)
    assert np.allclose(ma @ ma.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(ma), 1)


def test_a_single_rotation_turns_a_whole_track():
    one, track = tracks(1), tracks(50, seed=4)
    assert np.allclose(
        rotations.to_matrix(rotations.multiply(one, track)), rotations.to_matrix(one)[0] @ rotations.to_matrix(track)
    )
    assert np.array_equal(rotations.multiply(rotations.IDENTITY, track), track)


@pytest.mark.parametrize("largest", range(4))
def test_from_matrix_is_right_whichever_component_is_largest(largest):
    q = tracks(400, seed=5)
    q = q[:, np.argmax(np.abs(q), axis=0) == largest]
    assert q.shape[1] > 20
    q = np.concatenate((q, np.eye(4)[:, [largest]]), axis=1)
    for column, matrix in zip(q.T, rotations.to_matrix(q), strict=True):
        found = rotations.from_matrix(matrix)
        assert found.shape == (4, 1)
        assert abs(found[:, 0] @ column) == pytest.approx(1, abs=1e-12)


def test_swing_is_the_smallest_rotation_between_two_directions():
    rng = np.random.default_rng(6)
    for start, end in rng.normal(size=(50, 2, 3)):
        turn = rotations.swing(start, end)
        unit = end / np.linalg.norm(end)
        assert np.allclose(rotations.rotate(turn, start)[:, 0], unit * np.linalg.norm(start))
        angle = 2 * np.arccos(np.clip(turn[0, 0], -1, 1))
        assert np.cos(angle) == pytest.approx(start @ unit / np.linalg.norm(start), abs=1e-9)
        assert turn[1:, 0] @ start == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("start", [(1, 0, 0), (0, -2, 0), (0, 0, 3), (1, 2, 3), (1e-3, -1e-3, 0)])
def test_swing_to_the_same_and_to_the_opposite_direction(start):
    start = np.array(start, dtype=float)
    assert np.allclose(rotations.swing(start, start * 5), rotations.IDENTITY)
    turn = rotations.swing(start, -start)
    assert np.linalg.norm(turn) == pytest.approx(1)
    assert np.allclose(rotations.rotate(turn, start)[:, 0], -start)


def test_kabsch_finds_the_rotation_again_and_never_mirrors():
    rng = np.random.default_rng(8)
    for seed in range(20):
        wanted = rotations.to_matrix(tracks(1, seed))[0]
        start = rng.normal(size=(6, 3))
        assert np.allclose(rotations.kabsch(start, start @ wanted.T), wanted)
        flat = start * (1, 1, 0)  # in one plane, such as knuckles
        assert np.allclose(rotations.kabsch(flat, flat @ wanted.T), wanted)
        mirrored = rotations.kabsch(start, start * (-1, 1, 1))
        assert np.linalg.det(mirrored) == pytest.approx(1)


def test_neighbours_are_on_one_side_and_the_rotations_are_the_same():
    rng = np.random.default_rng(9)
    track = tracks(100) * rng.choice([-1, 1], 100)
    smooth = rotations.same_hemisphere(track)
    assert (np.einsum("cn,cn->n", smooth[:, 1:], smooth[:, :-1]) >= 0).all()
    assert np.allclose(rotations.to_matrix(smooth), rotations.to_matrix(track))
    assert np.array_equal(rotations.same_hemisphere(track[:, :1]), track[:, :1])


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_are_the_rotation_in_every_order(order):
    track = tracks(300, seed=10)
    angles = rotations.to_euler(track, order)
    for found, matrix in zip(angles.T, rotations.to_matrix(track), strict=True):
        assert np.allclose(euler_matrix(found, order), matrix, atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_are_blenders(order):
    pytest.importorskip("bpy")
    import mathutils

    track = tracks(60, seed=11)
    for found, quaternion in zip(rotations.to_euler(track, order).T, track.T, strict=True):
        ours = np.array(mathutils.Euler(found, order).to_matrix())
        theirs = np.array(mathutils.Quaternion(quaternion).to_euler(order).to_matrix())
        assert np.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_euler_angles_are_right_where_two_axes_fall_together(order, sign):
    rng = np.random.default_rng(12)
    for first, third, off in zip(
        rng.uniform(-3, 3, 40), rng.uniform(-3, 3, 40), [0, 1e-7, 1e-5, 1e-3] * 10, strict=True
    ):
        angles = np.empty(3)
        angles[["XYZ".index(axis) for axis in order]] = first, sign * (np.pi / 2 - off), third
        matrix = euler_matrix(angles, order)
        found = rotations.to_euler(rotations.from_matrix(matrix), order)[:, 0]
        assert np.allclose(euler_matrix(found, order), matrix, atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_curves_have_no_jumps(order):
    """A turn of three times round about one axis while the other two swing, and once through the lock itself."""
    time = np.linspace(0, 1, 2001)
    rows = {"first": 1.2 * np.sin(9 * time), "second": 1.3 * np.sin(7 * time), "third": 6 * np.pi * time}
    track = rotations.IDENTITY
    for axis, angle in zip(order, rows.values(), strict=True):
        track = rotations.multiply(rotations.about_axis(axis, angle), track)
    angles = rotations.to_euler(track, order)
    assert np.abs(np.diff(angles)).max() < 0.05
    assert np.allclose(angles[["XYZ".index(axis) for axis in order]], list(rows.values()), atol=1e-6)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_curves_go_through_the_lock_without_a_jump(order):
    time = np.linspace(0, 1, 1001)
    rows = [np.full(1001, 0.4), np.pi * time, np.full(1001, -0.7)]
    track = rotations.IDENTITY
    for axis, angle in zip(order, rows, strict=True):
        track = rotations.multiply(rotations.about_axis(axis, angle), track)
    angles = rotations.to_euler(track, order)
    assert np.abs(np.diff(angles)).max() < 0.01
    for found, matrix in zip(angles.T, rotations.to_matrix(track), strict=True):
        assert np.allclose(euler_matrix(found, order), matrix, atol=1e-6)


def test_angle_and_axis_are_the_rotation():
    pytest.importorskip("bpy")
    import mathutils

    track = np.concatenate((tracks(60, seed=13), np.eye(4), -np.eye(4)), axis=1)
    rows = rotations.to_axis_angle(track)
    assert np.allclose(np.linalg.norm(rows[1:], axis=0), 1)
    for (angle, *axis), matrix in zip(rows.T, rotations.to_matrix(track), strict=True):
        assert np.allclose(np.array(mathutils.Matrix.Rotation(angle, 3, axis)), matrix, atol=1e-5)
