"""Fixed points of affine maps are those of linear algebra, in fewer steps than the map alone would take."""

from __future__ import annotations

import numpy as np

from goodoffices.solvers.belief.affine import fixed_point


def affine(size: int, radius: float, problems: int, draws: int):
    """A contracting map of each of some problems and draws, and its fixed points [d, x, b]."""
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(problems, draws, size, size))
    matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max(-1)[..., None, None]
    right = rng.normal(size=(problems, size, draws))
    exact = np.linalg.solve(np.eye(size) - matrix, np.moveaxis(right, 1, 2)[..., None])[..., 0]
    calls = [0]

    def step(x):
        calls[0] += 1
        return np.einsum("dbxy,dyb->dxb", matrix, x) + right

    return step, np.moveaxis(exact, 1, 2), calls


def test_every_problem_gets_its_own_fixed_point():
    step, exact, calls = affine(6, 0.97, 3, 2)
    found, done, count = fixed_point(step, np.zeros_like(exact), enough=np.full(2, 1e-12), most=500)
    assert done.all()
    assert count == calls[0]
    np.testing.assert_allclose(found, exact, rtol=1e-8)
    # The map alone would take log(1e-12) / log(0.97) = 907 steps.
    assert count < 60


def test_what_was_not_reached_is_said():
    step, exact, _ = affine(30, 0.999, 1, 2)
    found, done, count = fixed_point(step, np.zeros_like(exact), enough=np.array([1e-12, np.inf]), most=3)
    assert count == 3
    assert done.tolist() == [[False, True]], "what does not matter is done"
    assert np.isfinite(found).all()


def test_a_map_with_a_kink_is_followed_to_its_fixed_point():
    def step(x):
        return np.where(x < 1, 0.9 * x + 0.3, 0.5 * x + 0.7)

    found, done, _ = fixed_point(step, np.full((1, 1, 1), -50.0), enough=np.full(1, 1e-12), most=400)
    assert done.all()
    np.testing.assert_allclose(found, 1.4, rtol=1e-9)


def test_problems_that_are_not_numbers_do_not_disturb_the_others():
    step, exact, _ = affine(5, 0.9, 1, 2)

    def broken(x):
        y = step(x)
        y[..., 1] = np.nan
        return y

    found, done, count = fixed_point(broken, np.zeros_like(exact), enough=np.full(2, 1e-12), most=200)
    assert count < 100, "what is lost is not waited for"
    assert done.tolist() == [[True, False]]
    np.testing.assert_allclose(found[..., 0], exact[..., 0], rtol=1e-8)
