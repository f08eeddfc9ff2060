"""How many likelihoods a posterior takes: our waste-free tempering beside BlackJAX's on a model that is known exactly.

Run: `python benchmarks/posterior.py [--seeds 3]`. Four normal observations of the first of five coordinates; both samplers keep
half of 1,024 points effective from one temperature to the next. What counts is likelihoods computed, since here each is a
solved game, and the error of the log evidence that they buy. Processor seconds include compilation where there is any.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from goodoffices.inference.tempering import Tempering, temper

DATA, NOISE, SIZE, POINTS = np.array([1.5, 2.0, 2.6, 1.9]), 0.4, 5, 1024


def terms(points: np.ndarray) -> np.ndarray:
    """[n, i] terms of the log-likelihood."""
    return -0.5 * ((DATA - points[..., :1]) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))


def exact() -> float:
    """The log evidence."""
    covariance = NOISE**2 * np.eye(len(DATA)) + 1.0
    quad = DATA @ np.linalg.solve(covariance, DATA)
    return float(-0.5 * (quad + np.linalg.slogdet(covariance)[1] + len(DATA) * np.log(2 * np.pi)))


def ours(seed: int) -> tuple[float, int]:
    """Log evidence and likelihoods computed."""
    run = temper([terms], SIZE, Tempering(32, POINTS // 32, seed=seed))
    return run.log_evidence, sum(run.last.evaluations)


def blackjax_run(seed: int, steps: int = 8) -> tuple[float, int]:
    """The same by BlackJAX, `steps` random-walk moves a temperature."""
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
        return -0.5 * (x**2).sum() - SIZE / 2 * jnp.log(2 * jnp.pi)

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
    state, evidence = smc.init(jax.random.normal(begin, (POINTS, SIZE))), 0.0
    step = jax.jit(smc.step)
    while float(state.tempering_param if hasattr(state, "tempering_param") else state.lmbda) < 1:
        key, now = jax.random.split(key)
        state, info = step(now, state)
        evidence += float(info.log_likelihood_increment)
    return evidence, counted[0]


def main() -> None:
    """Print a line for each sampler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    print(f"exact log evidence {exact():.3f}")
    for name, sampler in (("ours, waste-free", ours), ("BlackJAX, 8 moves", blackjax_run)):
        begun = time.process_time()
        found = [sampler(seed) for seed in range(seeds)]
        spent = (time.process_time() - begun) / seeds
        errors = np.array([evidence - exact() for evidence, _ in found])
        count = np.mean([count for _, count in found])
        print(
            f"{name:<18} {count:>8,.0f} likelihoods  error {np.sqrt((errors**2).mean()):.3f}  {spent:.1f} processor s"
        )


if __name__ == "__main__":
    main()
