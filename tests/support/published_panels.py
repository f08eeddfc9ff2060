"""The published models with their data and reference numbers, which do not ship: beside the repository, in `shared`.

Each `Case` is one printed or recomputed table. `cases()` is empty where the folder is absent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from goodoffices.panels import Panel, Shocks, Table, Ultimatum, read_panel, read_table

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "estimation"
THERE = DATA.is_dir()
SQRT2 = math.sqrt(2.0)


@dataclass(frozen=True)
class Case:
    """One fit of the reference: the panel, its data, and what the software of the literature found."""

    name: str
    panel: Callable[[], Panel]
    table: Callable[[], Table]
    terms: Callable[[str], str]
    """The reference's name of a coefficient -> ours."""


@cache
def table(path: str) -> Table:
    """A table of the reference."""
    return read_table(DATA / path)


@cache
def reference(path: str) -> dict[str, Any]:
    """A file of reference numbers."""
    return json.loads((DATA / path).read_text())


def _war(**changes: Any) -> Callable[[], Panel]:
    def make() -> Panel:
        panel = read_panel("war1800")
        where = changes.get("where", {})
        given = {k: v for k, v in changes.items() if k != "where"}
        model = replace(panel.model, **given)
        return replace(panel, model=model, where=where)

    return make


FIXED = {
    "challenger": {"peace": -1.0, "concession": 0.0, "war": -1.4},
    "target": {"war": 0.1},
}


def _games_terms(players: tuple[str, str], outcomes: dict[str, str]) -> Callable[[str], str]:
    def ours(term: str) -> str:
        if term.startswith("log("):
            inside = term[4:-1] if term.endswith(")") else term[4 : term.index(")")]
            player = {"sigma1": players[0], "sigma2": players[1]}.get(inside)
            column = term.partition(":")[2] or "constant"
            return f"log_scale({player}).{column}" if player else f"log_scale.{column}"
        utility, _, column = term.partition(":")
        player = players[0] if utility.startswith("u1") else players[1]
        return f"{player}({outcomes[utility[3:-1]]}).{_column(column)}"

    return ours


def _column(column: str) -> str:
    if column == "(Intercept)":
        return "constant"
    for factor in ("regime1", "regime2", "f1", "f2"):
        if column.startswith(factor) and column != factor:
            return f"{factor}={column.removeprefix(factor)}"
    return column


def _ultimatum_terms(term: str) -> str:
    if term.startswith("log("):
        return f"log_scale({'proposer' if term == 'log(s1)' else 'responder'}).constant"
    player, _, column = term.partition(":")
    return f"{'proposer' if player == 'R1' else 'responder'}.{_column(column)}"


def _signalling_terms(term: str) -> str:
    utility, _, column = term.partition(":")
    names = {
        "SA": "sender(status_quo)",
        "VA": "sender(concession)",
        "CB": "target(concession)",
        "barWA": "sender(war)",
        "barWB": "target(war)",
        "bara": "sender(back_down)",
    }
    return f"{names[utility]}.{_column(column)}"


WAR_TERMS = _games_terms(
    ("challenger", "target"), {"~esc": "peace", "esc,war": "war", "esc,~war": "concession"}
)
TERMS_122 = _games_terms(("first", "second"), {o: o for o in ("LL", "LR", "RL", "RR")})
NORMAL, PRIVATE = Shocks("normal"), Shocks("normal", "outcomes")


def _ultimatum(name: str, **changes: Any) -> Callable[[], Panel]:
    def make() -> Panel:
        panel = read_panel(name)
        assert isinstance(panel.model, Ultimatum)
        return replace(panel, model=replace(panel.model, **changes))

    return make


def games_cases() -> list[Case]:
    """Every fit of `games` whose estimates are usable, and those that only have a test point."""
    war, ultimatum = lambda: table("games/war1800.csv"), lambda: table("games/data_ult.csv")
    classroom, simulated = lambda: table("games/student_offers.csv"), lambda: table("games/data_122.csv")
    by_player = {"challenger": ("1",), "target": ("1",)}
    logit = Shocks("logit", scale=SQRT2, log_scale=("1",))
    known = {"proposer": math.log(5.0), "responder": 0.0}

    def simulated_probit() -> Panel:
        panel = read_panel("simulated-122")
        return replace(panel, model=replace(panel.model, shocks=NORMAL))

    of_war: dict[str, Callable[[], Panel]] = {
        "war1800_probit_agent": _war(shocks=NORMAL),
        "war1800_logit_agent": _war(),
        "war1800_probit_private": _war(shocks=PRIVATE),
        "war1800_probit_agent_1850": _war(shocks=NORMAL, where={"year": ">= 1850"}),
        "war1800_fixed_sd": _war(utilities=FIXED, shocks=Shocks("normal", log_scale=("1",))),
        "war1800_fixed_sd_logit": _war(utilities=FIXED, shocks=logit),
        "war1800_fixed_sdByPlayer": _war(utilities=FIXED, shocks=Shocks("normal", log_scale=by_player)),
        "war1800_sdformula": _war(shocks=Shocks("normal", log_scale=("balanc",))),
    }
    only_proposer = {"proposer": ("1",), "responder": 0.0}
    both = {"proposer": ("1",), "responder": ("1",)}
    return [
        *(Case(name, make, war, WAR_TERMS) for name, make in of_war.items()),
        Case("data_122_probit_agent", simulated_probit, simulated, TERMS_122),
        Case("data_122_logit_agent", lambda: read_panel("simulated-122"), simulated, TERMS_122),
        Case("data_ult_both", _ultimatum("ultimatum"), ultimatum, _ultimatum_terms),
        Case("data_ult_offer", _ultimatum("ultimatum", accept=None), ultimatum, _ultimatum_terms),
        Case("data_ult_fixed_scales", _ultimatum("ultimatum", log_scale=known), ultimatum, _ultimatum_terms),
        Case("student_offers_s2_3", _ultimatum("classroom-ultimatum"), classroom, _ultimatum_terms),
        Case(
            "student_offers_s2_1",
            _ultimatum("classroom-ultimatum", log_scale=only_proposer),
            classroom,
            _ultimatum_terms,
        ),
        Case(
            "student_offers_s2_1_refit",
            _ultimatum("classroom-ultimatum", log_scale=only_proposer),
            classroom,
            _ultimatum_terms,
        ),
        Case(
            "student_offers_free_s2",
            _ultimatum("classroom-ultimatum", log_scale=both),
            classroom,
            _ultimatum_terms,
        ),
    ]


USABLE = [
    "war1800_probit_agent", "war1800_logit_agent", "war1800_probit_private", "war1800_probit_agent_1850",
    "war1800_fixed_sd", "war1800_fixed_sd_logit", "war1800_fixed_sdByPlayer", "war1800_sdformula",
    "data_122_probit_agent", "data_122_logit_agent", "data_ult_both", "data_ult_offer",
    "data_ult_fixed_scales", "student_offers_s2_3",
]  # fmt: skip
"""The fits of `games` that end at a maximum."""


def sanctions_table() -> Table:
    """The sanctions data with the first stages of the replication archive."""
    data, stages = table("sanctions/sanctionsData.csv"), table("sanctions/published_first_stage.csv")
    return replace(data, columns={**data.columns, **stages.columns})


def sanctions(estimator: str, resist: str | None = None, fight: str = "") -> Panel:
    """The sanctions model with an estimator and the columns of a first stage (None makes one from the counts)."""
    panel = read_panel("sanctions")
    stage = {"resist": resist, "fight": fight} if resist else {}
    return replace(panel, model=replace(panel.model, estimator=estimator, first_stage=stage))


def signalling_terms(term: str) -> str:
    """The name of a coefficient of the sanctions model."""
    return _signalling_terms(term)


def deterrence_terms(term: str) -> str:
    """The name of a coefficient of the deterrence model."""
    names = {"1": "status_quo", "3": "backing_down", "4": "war"}
    return _games_terms(("attacker", "defender"), names)(term)


def selten_chmura_table() -> Table:
    """The sessions with counts in place of shares."""
    data = table("qre/selten_chmura_2008_sessions.csv")
    n, up, left = data.number("N"), data.number("U"), data.number("L")
    counts = {"up": up * n, "down": (1 - up) * n, "left": left * n, "right": (1 - left) * n}
    return replace(data, columns={**data.columns, **counts})


def ochs_table() -> dict[str, list[float]]:
    """128 plays with the shares that are printed."""
    return {"up": [128 * 0.527], "down": [128 * 0.473], "left": [128 * 0.366], "right": [128 * 0.634]}
