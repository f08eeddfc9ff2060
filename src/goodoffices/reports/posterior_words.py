"""What was learned, compared, forecast and scored, in lines for a terminal; a sentence comes first.

Receives the plain data of each; returns lines. It says how sure a number is in the line that has the number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from goodoffices.reports.numbers import counted, interval, percent, plain

LISTED = 8
MORE = "go on with `--resume` and a larger `--effective` or `--most`"
WORTH, HEAVY = 100, 0.7
"""Fewer draws, or a heavier tail of weights (Vehtari and others 2024), say little about their own error."""
RISING = 2.0
"""Standard errors by which a rising log-likelihood shows that chains are still finding their way."""
CLEAR, STRONG = math.log(3), math.log(20)
"""Bayes factors from which the record leans, and speaks plainly (Kass and Raftery 1995, rounded)."""


def learned_words(data: dict[str, Any]) -> Iterator[str]:
    """What a record taught."""
    moved = sorted(data["parameters"], key=lambda p: p["overlap"])
    most = moved[0]
    yield (
        f"The record teaches most about `{most['name']}`: {interval(most['posterior']['low'], most['posterior']['high'])} is left of "
        f"{interval(most['prior']['low'], most['prior']['high'])} (middle 90%)."
    )
    error = data["log_evidence_error"]
    yield (
        f"Logarithm of the record's probability: {plain(data['log_evidence'], 4)}"
        f" (Monte Carlo error {plain(error)})."
    )
    yield ""
    for p in moved[:LISTED]:
        yield (
            f"  {p['name']}: {plain(p['prior']['median'])} -> {plain(p['posterior']['median'])} "
            f"({interval(p['posterior']['low'], p['posterior']['high'])}), overlap with the prior {percent(p['overlap'])}"
        )
    if len(moved) > LISTED:
        yield f"  and {len(moved) - LISTED} more, about which it teaches less"
    strange = [c for c in data["checks"] if c["strange"]]
    yield ""
    if strange:
        yield "The scenario does not produce records like this one:"
        for c in strange:
            yield (
                f"  {c['what']}: {plain(c['observed'])} here, {interval(c['replicas']['low'], c['replicas']['high'])} in replicas"
            )
    elif data["checks"]:
        yield f"In all {len(data['checks'])} checks the record looks like one that the scenario could have produced."
    unlikely = sorted(data["events"], key=lambda e: e["log_predictive"] or 0)[:3]
    listed = "; ".join(f"{_who(e)} ({plain(e['bits'])} bits)" for e in unlikely)
    yield f"Least expected, given what came before: {listed}."
    hat, worth = data["r_hat_largest"], data["effective"]
    coarse = (
        "" if worth["coarse"] == worth["together"] else f" ({plain(worth['coarse'], 3)} on the coarse grid)"
    )
    yield (
        f"{counted(sum(data['games_solved']), 'game')} solved, {sum(data['games_unsolved'])} not, in {data['seconds']:,.0f} "
        f"seconds, by {_and(list(dict.fromkeys(data['method'])))}: worth {plain(worth['together'], 3)} independent draws{coarse}; "
        f"R-hat at most {plain(hat, 3) if hat is not None else 'unknown with one repeat'}."
    )
    if _poor(worth["together"], data["tail"]):
        yield f"These are too few, or their weights too uneven, to believe the errors: {MORE}."
    if (data["drift"] or 0.0) > RISING:
        yield f"Chains are still finding where the record is likely, so that its probability is too low: {MORE}."


def rivals_words(data: dict[str, Any]) -> Iterator[str]:
    """Which argument the record supports."""
    best, second = data["rivals"][:2]
    factor, error = second["log_bayes_factor"], second["log_bayes_factor_error"]
    if any(_poor(r["effective"], r["tail"]) for r in (best, second)) and (factor or 0.0) < STRONG:
        yield f"Too few draws to tell `{best['name']}`, ahead so far, from `{second['name']}`."
    elif factor is None or error is None or factor <= 2 * error:
        yield f"The record does not tell `{best['name']}` from `{second['name']}`: the difference is within its error."
    elif factor < CLEAR:
        yield f"The record hardly prefers `{best['name']}` to `{second['name']}`."
    else:
        how = "plainly prefers" if factor >= STRONG else "prefers"
        yield f"The record {how} `{best['name']}` to `{second['name']}`, by {_factor(factor)} to one."
    yield ""
    for r in data["rivals"]:
        yield (
            f"  {r['name']}: log evidence {plain(r['log_evidence'], 4)} ± {plain(r['error'])}, "
            f"{percent(r['probability'])} if all were equally likely before; from {plain(r['effective'], 3)} effective draws"
        )
    poor = [f"`{r['name']}`" for r in data["rivals"] if _poor(r["effective"], r["tail"])]
    if poor:
        yield f"Too few draws, or too uneven ones, to believe the error of {_and(poor)}: {MORE}."
    rising = [f"`{r['name']}`" for r in data["rivals"] if (r["drift"] or 0.0) > RISING]
    if rising:
        yield f"Chains are still finding where the record is likely, so that the evidence of {_and(rising)} is too low: {MORE}."
    yield ""
    yield "What decides between them (log probability under each, in this order):"
    for e in data["events"][:LISTED]:
        logs = ", ".join(plain(v, 2) for v in e["log_predictive"])
        yield f"  {_who(e)}: {logs}"
    swing = [abs(x["log_evidence_change"] or 0) for rows in data["prior_sensitivity"].values() for x in rows]
    if swing and factor is not None:
        verdict = "could turn" if max(swing) > factor else "would not turn"
        yield (
            f"Priors twice as wide or narrow change an evidence by up to {plain(max(swing))}, which {verdict} the order."
        )


def forecast_words(data: dict[str, Any]) -> Iterator[str]:
    """What is expected."""
    n = data["n"]
    for q in data["questions"]:
        yield (
            f"{q['question']}: {percent(q['probability'])} (± {percent(q['error'])}, from {counted(n['draws'], 'draw')}"
            f"{'' if q.get('exact') else ' and ' + counted(n['paths'], 'path')}; 90% of the draws: {percent(q['low'])} to {percent(q['high'])}), decided by {q['resolves']}"
        )
        if q["drivers"]:
            yield f"  moved most by {', '.join(f'{name} ({plain(rho)})' for name, rho in q['drivers'])}"
    if not data["questions"]:
        first = data["moves"][0]
        k = max(range(len(first["names"])), key=first["probability"].__getitem__)
        yield (
            f"Likeliest next: {first['party']}.{first['names'][k]} in round {first['round']}, "
            f"{percent(first['probability'][k])} (± {percent(first['error'][k])})."
        )
    yield ""
    for m in data["moves"]:
        shares = sorted(zip(m["probability"], m["names"], strict=True), reverse=True)
        listed = ", ".join(f"{name} {percent(p)}" for p, name in shares if p >= 0.01)
        yield f"  {m['begins']} to {m['ends']}  {m['party']}: {listed}"
    if data["horizon_cut_by_the_game"]:
        yield "The scenario ends before the horizon; nothing is said about the time after it."


def score_words(data: dict[str, Any]) -> Iterator[str]:
    """How good forecasts were."""
    if not data["n"]:
        yield "Nothing can be scored yet."
    else:
        skill, saved = data["skill"], data["bits_saved"]
        better = [who for who in skill if _sure(saved[who]) > 0]
        worse = [who for who in skill if _sure(saved[who]) < 0]
        alike = [who for who in skill if who not in better + worse]
        parts = [
            f"{verb} {_and(names)}"
            for verb, names in (("beats", better), ("loses to", worse), ("cannot be told from", alike))
            if names
        ]
        listed = "; ".join(parts) or "has no baseline to be held against"
        yield f"Over {counted(data['n'], 'forecast')} the model {listed} (logarithmic score, twice its standard error)."
        yield ""
        yield "  mean score, smaller is better:    log, bits   Brier   ranked probability"
        for who, row in data["scores"].items():
            yield f"  {who:<32} {_number(row['log']):>10} {_number(row['brier']):>7} {_number(row['ranked_probability']):>12}"
        yield ""
        for who, row in saved.items():
            error = f" ± {row['error']:.2f}" if row["error"] is not None else ""
            yield f"  against {who}: {_number(row['mean'])}{error} bits saved a forecast, skill {_number(skill[who])}"
        yield ""
        for b in data["calibration"]:
            if b["n"]:
                yield (
                    f"  said {percent(b['low'])} to {percent(b['high'])}: {b['n']} times, mean {percent(b['forecast'])}, "
                    f"came true {percent(b['observed'])} (± {percent(b['error'])} if right)"
                )
        yield ""
        yield "Worst misses:"
        for w in data["worst"][:5]:
            yield f"  {w['forecast']}: {w['happened']}, given {percent(w['probability']['model'])} ({_number(w['bits']['model'])} bits)"
    for p in data["pending"]:
        yield f"Open: {p['forecast']}: {p['why']}"


def _poor(effective: float, tail: float | None) -> bool:
    return effective < WORTH or (tail or 0.0) >= HEAVY


def _sure(saved: dict[str, Any]) -> int:
    """Whether what was saved differs from nothing by more than twice its error: 1, -1 or 0."""
    mean, error = saved["mean"], saved["error"]
    return 0 if mean is None or error is None or abs(mean) <= 2 * error else (1 if mean > 0 else -1)


def _who(e: dict[str, Any]) -> str:
    shown = f" ({', '.join(e['events'])})" if e["events"] else ""
    return f"{e['party'] + '.' if e['party'] else ''}{e['happened']} in round {e['round']}{shown}"


def _factor(log: float) -> str:
    return plain(math.exp(log)) if log < 20 else f"more than {plain(math.exp(20))}"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
