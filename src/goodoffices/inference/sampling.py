"""Draws from a posterior: importance sampling first, Markov chains where its weights are too uneven.

Receives likelihoods from coarse to fine; returns a `Run` or a `ChainRun`. Where the posterior is smooth and near the prior a
fitted proposal is soon as good as the posterior itself, and nothing else is needed. Where the likelihood has narrow ridges,
a few points that happen to lie on one outweigh all others; chains give ridges their due, at a few dozen coarse
likelihoods for each independent draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from goodoffices.inference.chain_run import ChainRun, Slice, go_on
from goodoffices.inference.chains import Block
from goodoffices.inference.importance import Batch, Importance, Run, add_batch
from goodoffices.inference.tempering import Terms

Sampled = Run | ChainRun
PATIENCE = 8
"""Batches after which chains take over where the draws are worth too little."""
EVEN = 0.1
"""What a point should be worth, in draws."""


@dataclass(frozen=True)
class Progress:
    """What of a repeat was computed; everything that it takes to go on."""

    batches: tuple[Batch, ...] = ()
    blocks: tuple[Block, ...] = ()
    slices: tuple[Slice, ...] = ()

    @classmethod
    def of(cls, found: Sampled) -> Progress:
        """What a run has."""
        if isinstance(found, Run):
            return cls(found.batches)
        return cls(found.batches, found.blocks, found.slices)


def sample(
    levels: Sequence[Terms],
    size: int,
    settings: Importance,
    *,
    earlier: Progress | None = None,
    watch: Callable[[Sampled], None] | None = None,
) -> Sampled:
    """Compute until the draws are worth what was asked for.

    Args:
        levels: Likelihoods from coarse to fine; the last is the one that is meant.
        size: Number of coordinates d.
        earlier: What an earlier run with the same arguments has computed, to go on from.
        watch: Told of the run after each batch, block and slice.

    Raises:
        ValueError: The likelihood is nothing at every point of the first batch.
    """
    known = earlier or Progress()
    run = Run(settings, known.batches) if known.batches else None
    while not known.blocks and not (run is not None and too_uneven(run)):
        farther = add_batch(levels, size, settings, run)
        if farther is None:
            assert run is not None
            return run
        run = farther
        if watch is not None:
            watch(run)
    assert run is not None
    chains = ChainRun(settings, len(levels), run.batches, known.blocks, known.slices)
    while (farther := go_on(levels, chains)) is not None:
        chains = farther
        if watch is not None:
            watch(chains)
    return chains


def too_uneven(run: Run) -> bool:
    """Whether importance sampling had its chance."""
    enough = len(run.points) >= PATIENCE * run.settings.batch
    return enough and run.effective < min(run.settings.effective, EVEN * len(run.points))
