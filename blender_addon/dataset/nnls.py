"""Least squares with unknowns that are not negative, for many right sides at once."""

from __future__ import annotations

import numpy as np

#: Exchanges of a whole block that may fail to lessen the number of infeasible unknowns before single exchanges begin.
_PATIENCE = 3
#: More exchanges than any problem of this size takes; against endless ones by rounding.
_MOST_ROUNDS = 1000


def solve(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
    """The x >= 0 that makes |A x - b| least, for each row of `products`: (N, K), float64.

    gram: (K, K), A^T A, positive definite; products: (N, K), each row A^T b. The least is unique and found exactly,
    up to rounding: block principal pivoting on the normal equations (Portugal, Judice and Vicente, A comparison of
    block pivoting and interior-point algorithms for linear least squares problems with nonnegative variables,
    Mathematics of Computation 63, 1994; the rule for exchanges after Kim and Park, Fast nonnegative matrix
    factorization, SIAM J. Sci. Comput. 33, 2011). An unknown is free or held at 0; free ones that come out negative
    and held ones whose gradient is negative change sides, all at once, or the last of them alone where that lessens
    their number no more, which always ends.
    """
    count, size = products.shape
    # Unknowns in units of their own column: rounding is judged alike for all.
    unit = np.sqrt(np.diagonal(gram))
    gram, products = gram / np.outer(unit, unit), products / unit
    slack = 1e-10 * np.abs(products).max(axis=1, keepdims=True, initial=0.0)
    free = products > 0
    found = np.zeros((count, size))
    least = np.full(count, size + 1)
    patience = np.full(count, _PATIENCE)
    open_rows = np.arange(count)
    for _ in range(_MOST_ROUNDS):
        values, wrong = _exchange_candidates(gram, products[open_rows], free[open_rows], slack[open_rows])
        found[open_rows] = values
        number = wrong.sum(axis=1)
        open_rows, wrong, number = (part[number > 0] for part in (open_rows, wrong, number))
        if not len(open_rows):
            return np.maximum(found, 0.0) / unit
        better = number < least[open_rows]
        least[open_rows] = np.minimum(number, least[open_rows])
        patience[open_rows] = np.where(better, _PATIENCE, patience[open_rows] - 1)
        single = patience[open_rows] < 0
        last = size - 1 - wrong[single][:, ::-1].argmax(axis=1)
        wrong[single] = np.arange(size) == last[:, None]
        free[open_rows] ^= wrong
    raise np.linalg.LinAlgError("the least squares do not settle")


def _exchange_candidates(
    gram: np.ndarray, products: np.ndarray, free: np.ndarray, slack: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least squares over each row's free unknowns, (N, K), and which unknowns are on the wrong side there."""
    # Held unknowns keep their place, as equations x = 0, so that all rows are systems of one size.
    systems = np.where(free[:, :, None] & free[:, None, :], gram, np.eye(len(gram)))
    values = np.linalg.solve(systems, np.where(free, products, 0.0)[:, :, None])[:, :, 0]
    gradients = values @ gram - products
    return values, np.where(free, values < -slack, gradients < -slack)
