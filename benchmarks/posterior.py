"""How many likelihoods a posterior takes: our samplers beside BlackJAX's tempering, on models that are known.

Run: `python benchmarks/posterior.py [--model normal|ridge] [--seeds 3] [--size 5]`. The normal model is four observations of
the first coordinate. The ridge is a flat likelihood, but for a curve across the first two coordinates near which it is the higher
the narrower the ridge (`--width`), so that the ridge has 45% of the posterior at any width. Importance sampling and what `goodoffices learn`
does (which leaves it for chains where weights are too uneven) end when their draws are worth 500, or after 40,000
likelihoods; the other two keep half of 1,024 points effective from one temperature to the next. What counts is
likelihoods computed, since here each is a solved game, and the error of the log evidence that they buy; the first two also
say how large that error should be. Processor seconds include compilation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from goodoffices.inference.importance import Importance, Run, add_batch
from goodoffices.inference.sampling import sample
from goodoffices.inference.tempering import Tempering, temper

DATA, NOISE, POINTS = np.array([1.5, 2.0, 2.6, 1.9]), 0.4, 1024
STEEP = 1.2
"""Height of a ridge times its width."""
Found = tuple[float, float, int]
"""Log evidence, its claimed error (not a number where there is none), likelihoods computed."""
Terms = Callable[[np.ndarray], np.ndarray]


def normal(points: np.ndarray) -> np.ndarray:
    """[n, i] terms of the log-likelihood."""
    return -0.5 * ((DATA - points[..., :1]) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))


def exact_normal() -> float:
    """The log evidence."""
    covariance = NOISE**2 * np.eye(len(DATA)) + 1.0
    quad = DATA @ np.linalg.solve(covariance, DATA)
    return float(-0.5 * (quad + np.linalg.slogdet(covariance)[1] + len(DATA) * np.log(2 * np.pi)))


def ridge(width: float) -> Terms:
    """[n, 1] the log-likelihood."""

    def terms(points: np.ndarray) -> np.ndarray:
        off = (points[..., :1] - 0.4 * points[..., 1:2] ** 2 - 0.5) / width
        return np.logaddexp(0.0, np.log(STEEP / width) - 0.5 * off**2)

    return terms


def exact_ridge(width: float) -> float:
    """The log evidence, one coordinate integrated by hand and one on a fine grid."""
    axis, wide = np.linspace(-8, 8, 20_001), np.sqrt(1 + width**2)
    density = np.exp(-0.5 * axis**2) / np.sqrt(2 * np.pi)
    at = np.exp(-0.5 * ((0.4 * axis**2 + 0.5) / wide) ** 2) / wide
    return float(np.log1p(STEEP * (density * at).sum() * (axis[1] - axis[0])))


def weighted(terms: Terms, seed: int, size: int) -> Found:
    """Adaptive importance sampling alone."""
    settings = Importance(500, most=40_000, seed=seed)
    run: Run | None = None
    while (farther := add_batch([terms], size, settings, run)) is not None:
        run = farther
    assert run is not None
    return run.log_evidence, run.log_evidence_error, len(run.points)


def learned(terms: Terms, seed: int, size: int) -> Found:
    """What `goodoffices learn` does."""
    run = sample([terms], size, Importance(500, most=40_000, seed=seed))
    return run.log_evidence, run.log_evidence_error, sum(run.evaluations(1))


def tempered(terms: Terms, seed: int, size: int) -> Found:
    """Waste-free tempering."""
    run = temper([terms], size, Tempering(32, POINTS // 32, seed=seed))
    return run.log_evidence, np.nan, sum(run.last.evaluations)


def blackjax_run(terms: Terms, seed: int, size: int, steps: int = 8) -> Found:
    """Tempering by BlackJAX, `steps` random-walk moves a temperature."""
    import blackjax
    import jax
    import jax.numpy as jnp
    from blackjax.smc import resampling

    jax.config.update("jax_enable_x64", True)
    counted = [0]

    def host(points: Any) -> np.ndarray:
        rows = np.asarray(points)
        counted[0] += int(np.prod(rows.shape[:-1]))
        return terms(rows).sum(-1).reshape(rows.shape[:-1])

    def log_likelihood(x: Any) -> Any:
        return jax.pure_callback(host, jax.ShapeDtypeStruct((), jnp.float64), x, vmap_method="expand_dims")

    def log_prior(x: Any) -> Any:
        return -0.5 * (x**2).sum() - size / 2 * jnp.log(2 * jnp.pi)

    move = blackjax.rmh.build_kernel()

    def kernel(key: Any, state: Any, density: Any) -> Any:
        return move(key, state, density, lambda k, p: p + 0.5 * jax.random.normal(k, p.shape))

    smc = blackjax.adaptive_tempered_smc(
        log_prior,
        log_likelihood,
        kernel,
        blackjax.rmh.init,
        {},
        resampling.systematic,
        0.5,
        num_mcmc_steps=steps,
    )
    key, begin = jax.random.split(jax.random.PRNGKey(seed))
    state, evidence = smc.init(jax.random.normal(begin, (POINTS, size))), 0.0
    step = jax.jit(smc.step)
    while float(state.tempering_param if hasattr(state, "tempering_param") else state.lmbda) < 1:
        key, now = jax.random.split(key)
        state, info = step(now, state)
        evidence += float(info.log_likelihood_increment)
    return evidence, np.nan, counted[0]


def main() -> None:
    """Print a line for each sampler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("normal", "ridge"), default="normal")
    parser.add_argument("--width", type=float, default=0.03, help="of the ridge")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=5, help="coordinates")
    arguments = parser.parse_args()
    if arguments.model == "normal":
        terms, exact = normal, exact_normal()
    else:
        terms, exact = ridge(arguments.width), exact_ridge(arguments.width)
    print(f"exact log evidence {exact:.3f}, {arguments.size} coordinates")
    samplers = {
        "importance": weighted,
        "goodoffices learn": learned,
        "waste-free tempering": tempered,
        "BlackJAX, 8 moves": blackjax_run,
    }
    for name, sampler in samplers.items():
        begun = time.process_time()
        found = np.array([sampler(terms, seed, arguments.size) for seed in range(arguments.seeds)])
        spent = (time.process_time() - begun) / arguments.seeds
        error = np.sqrt(((found[:, 0] - exact) ** 2).mean())
        claimed = "" if np.isnan(found[0, 1]) else f" (claimed {found[:, 1].mean():.3f})"
        print(
            f"{name:<20} {found[:, 2].mean():>9,.0f} likelihoods  error {error:.3f}{claimed}  {spent:.1f} processor s"
        )


if __name__ == "__main__":
    main()
