"""Solving what a person names: scenarios and Gambit's `.efg` files, one or many.

Receives paths or catalogue names; returns a `Solution`, or for many files one record each, ready for JSON. A file that
cannot be solved becomes a record with `file` and `error`; the others are answered all the same.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.core.diagnostics import Refusal, refuse, render
from goodoffices.core.reading import read_at_most, read_sources
from goodoffices.games.extensive import STATUS, Certificate, ExtensiveGame, GameData, Solution
from goodoffices.workflow.forms import Chosen, Rounds, choose_form
from goodoffices.workflow.loading import find, load
from goodoffices.workflow.talks import solve_talks, talks_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goodoffices.compiler.scenario_tree import ScenarioTree
    from goodoffices.games.recursive import RecursiveSolution
    from goodoffices.language.scenario import Scenario

LARGEST_GAME_FILE = 512 * 2**20
"""Bytes of the largest `.efg` file that is read."""


def solve(
    source: str | Path,
    *,
    rationality: float | None = None,
    method: str = "auto",
    rounds: Rounds = None,
    set: Mapping[str, float] | None = None,
    tolerance: float = 1e-6,
    accuracy: float | None = None,
) -> Solution | RecursiveSolution:
    """Solve one scenario (at the medians of its priors) or one `.efg` file on the principal branch.

    Args:
        source: a path, or a name from the catalogue.
        rationality: logit precision in 1/utility for every player, `math.inf` for the limit; None takes the scenario's.
        method: `tree`, `belief` or `auto`.
        rounds: this many rounds, or `open-ended`, instead of the scenario's.
        set: parameter name -> value.
        tolerance: largest regret, in utility, at which the way to infinite rationality ends.
        accuracy: Bellman residual between the nodes of the grid to be reached by `belief`, in utility.

    Returns:
        A `Solution` of a tree, or a `RecursiveSolution` of talks, certified.

    Raises:
        Refusal: for a file that cannot be read, or that this method does not solve.
    """
    return _solved(
        source,
        rationality=rationality,
        method=method,
        rounds=rounds,
        set=set,
        tolerance=tolerance,
        accuracy=accuracy,
    )[0]


def _solved(
    source: str | Path,
    *,
    rationality: float | None,
    method: str,
    rounds: Rounds,
    set: Mapping[str, float] | None,
    tolerance: float,
    accuracy: float | None,
) -> tuple[Solution, None] | tuple[RecursiveSolution, Chosen]:
    path = find(source)
    if path.suffix.lower() != ".efg":
        from goodoffices.claims.talks.form import Talks

        scenario = load(source, set=set)
        chosen = choose_form(
            scenario, method=method, rounds=rounds, accuracy=accuracy, rationality=rationality
        )
        if isinstance(chosen.form, Talks):
            return solve_talks(chosen.form, rationality=rationality), chosen
        game, data = _of_tree(scenario, chosen.form, rationality)
    else:
        game, data = _of_file(path, rationality=rationality, method=method, rounds=rounds, set=set)
    from goodoffices.solvers import solve_game, solve_limit

    if rationality is not None and math.isinf(rationality):
        return solve_limit(game, data=data, tolerance=tolerance), None
    return solve_game(game, data=data), None


def solve_files(
    files: Sequence[str | Path],
    *,
    rationality: float | None = None,
    method: str = "auto",
    rounds: Rounds = None,
    set: Mapping[str, float] | None = None,
    tolerance: float = 1e-6,
    accuracy: float | None = None,
) -> Iterator[dict[str, Any]]:
    """Solve several files in order; yields one record each (see `record`), or `{"file", "error"}`."""
    for file in files:
        name = os.fspath(file)
        try:
            answer = _solved(
                file,
                rationality=rationality,
                method=method,
                rounds=rounds,
                set=set,
                tolerance=tolerance,
                accuracy=accuracy,
            )
            if answer[1] is not None:
                yield talks_record(answer[0], answer[1], file=name)
                continue
            limit = rationality is not None and math.isinf(rationality)
            yield record(answer[0], file=name, limit=limit)
        except Refusal as refusal:
            yield {
                "file": name,
                "error": render(refusal.diagnostics, read_sources(refusal.diagnostics, refusal.sources)),
            }


def record(solution: Solution, *, file: str, limit: bool = False) -> dict[str, Any]:
    """A solution as plain data: players, information sets and moves in the game's own order and numbers.

    Args:
        solution: what was found.
        file: what it was found for.
        limit: describe the sequential equilibrium that the branch approaches.
    """
    game = solution.game
    rationality = np.asarray(solution.data.rationality, float)
    one = float(rationality[0]) if np.all(rationality == rationality[0]) else None
    out: dict[str, Any] = {
        "file": file,
        "title": game.title,
        "method": "tree",
        "detail": solution.method,
        "status": STATUS[int(solution.status)],
        "rationality": one if one is not None else dict(zip(game.players, rationality.tolist(), strict=True)),
        "certificate": certificate_record(solution.certificate),
        "strategies": [_strategy(game, solution.log_strategy, i) for i in range(len(game.infoset_moves))],
        "values": {p: _finite(v) for p, v in zip(game.players, solution.values.tolist(), strict=True)},
        "statistics": {key: _finite(float(value)) for key, value in solution.statistics.items()},
    }
    if limit and int(solution.status) == 0:
        out["limit"] = _limit(solution)
    return out


def _limit(solution: Solution) -> dict[str, Any]:
    """The sequential equilibrium that a solution far along the branch approaches, as plain data."""
    from goodoffices.solvers import describe_limit

    found = describe_limit(solution)
    game = solution.game
    return {
        "distance": found.change,
        "pure": bool(found.pure.all()),
        "strategies": [
            _named(game, i) | {"moves": dict(zip(moves, found.strategy[i].tolist(), strict=False))}
            for i, moves in enumerate(game.infoset_moves)
        ],
        "sentences": list(found.sentences),
    }


def certificate_record(certificate: Certificate) -> dict[str, float | None]:
    """The certificate of one game as plain data."""
    return {
        "logit_residual": _finite(float(certificate.logit_residual)),
        "max_regret": _finite(float(certificate.max_regret)),
        "max_response_regret": _finite(float(certificate.max_response_regret)),
        "belief_error": _finite(float(certificate.belief_error)),
    }


def _named(game: ExtensiveGame, infoset: int) -> dict[str, Any]:
    """Whose information set it is, and which."""
    player = int(game.infoset_player[infoset])
    return {
        "player": game.players[player],
        "player_number": player + 1,
        "infoset": int(game.infoset_number[infoset]),
        "label": game.infoset_label[infoset],
    }


def _strategy(game: ExtensiveGame, log_strategy: NDArray[np.float64], infoset: int) -> dict[str, Any]:
    moves = game.infoset_moves[infoset]
    logs = log_strategy[infoset, : len(moves)].tolist()
    return _named(game, infoset) | {
        "moves": {move: math.exp(log) for move, log in zip(moves, logs, strict=True)},
        # Far off the path of play a probability underflows to zero; its logarithm does not.
        "log_moves": {move: _finite(log) for move, log in zip(moves, logs, strict=True)},
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _of_file(
    path: Path, *, rationality: float | None, method: str, rounds: Rounds, set: Mapping[str, float] | None
) -> tuple[ExtensiveGame, GameData]:
    if method not in ("auto", "tree"):
        raise refuse(
            "not-a-scenario",
            f"--method {method} is for scenarios; {path.name} is a game",
            hint="leave it out",
        )
    if rounds is not None or set:
        what = "--rounds" if rounds is not None else "--set"
        raise refuse("not-a-scenario", f"{what} is for scenarios; {path.name} is a game", hint="leave it out")
    if rationality is None:
        raise refuse(
            "rationality-missing",
            f"{path.name} does not say how rational its players are",
            hint="give --rationality, such as 5, or inf",
        )
    game = read_game(path)
    precision = 1.0 if math.isinf(rationality) else rationality
    return game, GameData(game.payoff, game.chance, np.full(len(game.players), precision))


def _of_tree(
    scenario: Scenario, tree: ScenarioTree, rationality: float | None
) -> tuple[ExtensiveGame, GameData]:
    from goodoffices.language import medians

    batch = tree.data({name: np.array([value]) for name, value in medians(scenario).items()})
    own = rationality is None or math.isinf(rationality)
    data = GameData(
        batch.payoff[..., 0],
        batch.chance[..., 0] if batch.chance.ndim == 2 else batch.chance,
        batch.rationality[..., 0] if own else np.full(len(tree.game.players), rationality),
        None
        if batch.allowed is None
        else (batch.allowed[..., 0] if batch.allowed.ndim == 3 else batch.allowed),
    )
    return tree.game, data


def read_game(path: Path) -> ExtensiveGame:
    """Read an `.efg` file; a missing, unreadable or malformed file is a `Refusal` with its place."""
    from goodoffices.games.efg import read_efg
    from goodoffices.games.recall import check_perfect_recall

    name = str(path)
    try:
        if path.is_dir():
            raise refuse("not-a-file", f"{name} is a folder", hint="name a file in it")
        content = read_at_most(path, LARGEST_GAME_FILE)
        if content is None:
            raise refuse("file-too-large", f"{name} is larger than {LARGEST_GAME_FILE >> 20} MB")
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(
            "not-utf-8", f"{name} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise refuse("unreadable-file", f"{name} cannot be read: {error.strerror or error}") from None
    game = read_efg(text, name=name)
    check_perfect_recall(game)
    return game
