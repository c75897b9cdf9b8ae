"""Least squares that are not negative: against the conditions that hold at the least and nowhere else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from blender_addon.dataset import nnls


def best_of_all(gram, product):
    """The least over every choice of free unknowns, of which one is the true one."""
    size, best = len(product), (0.0, np.zeros(len(product)))
    for count in range(1, size + 1):
        for free in map(list, itertools.combinations(range(size), count)):
            values = np.zeros(size)
            values[free] = np.linalg.solve(gram[np.ix_(free, free)], product[free])
            if (values >= 0).all():
                best = min(best, (values @ gram @ values / 2 - values @ product, values), key=lambda found: found[0])
    return best[1]


def test_the_least_of_small_problems_is_that_of_trying_all_choices():
    rng = np.random.default_rng(0)
    for _ in range(20):
        A = rng.normal(size=(9, 6)) * 10.0 ** rng.uniform(-3, 3, 6)
        b = rng.normal(size=(10, 9))
        found = nnls.solve(A.T @ A, b @ A)
        wanted = np.array([best_of_all(A.T @ A, row) for row in b @ A])
        assert np.allclose(found, wanted, rtol=1e-6, atol=1e-9 * np.abs(wanted).max())


def test_large_problems_meet_the_conditions_of_the_least():
    rng = np.random.default_rng(1)
    common = rng.normal(size=(300, 1))  # makes the columns alike, so that choices of them have to change often
    A = rng.normal(size=(300, 55)) + 3 * common
    b = rng.normal(size=(200, 300)) * 5 + common.T
    gram, products = A.T @ A, b @ A
    found = nnls.solve(gram, products)
    gradient = found @ gram - products
    size = np.abs(products).max()
    assert (found >= 0).all()
    assert 0.05 < (found > 0).mean() < 0.95
    assert np.abs(gradient[found > 0]).max() < 1e-8 * size
    assert gradient[found == 0].min() > -1e-8 * size


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_fit_is_zero(count):
    assert np.array_equal(nnls.solve(np.eye(4), np.zeros((count, 4))), np.zeros((count, 4)))


def test_products_that_are_all_negative_are_zero():
    assert not nnls.solve(np.eye(4) + 1, -np.ones((3, 4))).any()
