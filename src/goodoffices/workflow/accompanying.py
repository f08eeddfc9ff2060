"""What else a report says of a study: the analyses of its scenario, each a section and numbers.

Receives a `Study` and names of analyses; returns a `Part` for each, made with the method, the rounds and the seed of the
study, and from its own draws where they serve. An analysis that the scenario cannot be given (who learns what of talks
without end, say) says why in its section; the others are made all the same. Refuses names of analyses that there are not.
Stopping (Ctrl-C) keeps what was finished.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.language.names import suggestion

if TYPE_CHECKING:
    from goodoffices.claims.verdict import Study
    from goodoffices.reports.explaining.sections import Section
    from goodoffices.reports.part import Part

StageProgress = Callable[[str, int, int], None]

DRAWS, DESIGN = 128, 64
"""Draws of an analysis that needs its own, and rows of Saltelli's design: enough to rank; the commands take more."""
GRID, TOLERANCE = 20, 1e-2
"""Of the tipping map: points along each parameter, and what its boundary is known to, as a share of the axis."""


@dataclass(frozen=True)
class _Asked:
    study: Study
    store: Path | str | None
    progress: StageProgress | None

    @property
    def settings(self) -> dict[str, Any]:
        """What every analysis shares with the study."""
        known = self.study.settings
        return {"rounds": known.get("rounds"), "method": known.get("method", "auto")}

    @property
    def seed(self) -> int:
        """Of the study."""
        return int(cast("int", self.study.settings.get("seed", 1)))

    @property
    def draws(self) -> int:
        """As many as the study has, up to `DRAWS`."""
        return min(DRAWS, self.study.certificate.n)


def analyse(
    study: Study,
    names: Iterable[str],
    *,
    store: Path | str | None = None,
    progress: StageProgress | None = None,
) -> tuple[Part, ...]:
    """Make sections of a report, in the order in which they are named.

    Args:
        study: whose scenario, method, rounds, seed and draws are taken.
        names: of `ANALYSES`.
        store: folder in which solved draws are kept from one time to the next.
        progress: called as `progress(stage, done, total)`.

    Raises:
        Refusal: `no-such-analysis`.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in ANALYSES:
            raise refuse(
                "no-such-analysis",
                f"there is no analysis `{name}` for a report",
                hint=suggestion(name, ANALYSES) or f"there are {', '.join(ANALYSES)}",
            )
    asked = _Asked(study, store, progress)
    made: list[Part] = []
    for k, name in enumerate(chosen):
        if progress is not None:
            progress("analyses", k, len(chosen))
        title, make = ANALYSES[name]
        try:
            made.append(dataclasses.replace(make(asked), identity=name, title=title))
        except Refusal as refused:
            made.append(_refused(name, title, refused))
        except KeyboardInterrupt:
            made.append(_stopped(name, title))
            break
    return tuple(made)


def _decide(asked: _Asked) -> Part:
    from goodoffices.reports.analyses.pages import decision_page
    from goodoffices.reports.analyses.section import part_of
    from goodoffices.workflow.analysing import decide

    found = decide(
        asked.study.scenario,
        draws=asked.draws,
        design=DESIGN,
        seed=asked.seed,
        store=asked.store,
        progress=asked.progress,
        **asked.settings,
    )
    return part_of(decision_page(asked.study.scenario, found), name="decide")


def _discover(asked: _Asked) -> Part:
    """Rules for the study's own draws, which costs no further game."""
    from goodoffices.analyses.asking import Judged, Outcome
    from goodoffices.analyses.discovery import discover
    from goodoffices.reports.analyses.pages import discovery_page
    from goodoffices.reports.analyses.section import part_of

    study = asked.study
    if not study.verdicts:
        raise refuse("no-claims", "the scenario makes no claims, so no rules can be found for them")
    outcomes = {
        v.claim.name: Outcome(v.holds, np.where(v.solved, v.margins, np.nan), v.margin_unit)
        for v in study.verdicts
    }
    judged = Judged(study.draws, outcomes, 0)
    found = [
        discover(study.scenario.parameters, judged, name, kind="rarer", seed=asked.seed) for name in outcomes
    ]
    return part_of(discovery_page(study.scenario, found), name="discover")


def _tipping(asked: _Asked) -> Part:
    from goodoffices.reports.analyses.pages import tipping_page
    from goodoffices.reports.analyses.section import part_of
    from goodoffices.workflow.analysing import tipping

    found = tipping(
        asked.study.scenario,
        over=strongest(asked.study),
        grid=GRID,
        tolerance=TOLERANCE,
        store=asked.store,
        progress=asked.progress,
        **asked.settings,
    )
    return part_of(tipping_page(asked.study.scenario, found), name="tipping")


def strongest(study: Study) -> tuple[str, ...]:
    """The two parameters that weigh most in the claims, those that are in doubt counting most."""
    weight: dict[str, float] = {}
    for verdict in study.verdicts:
        doubt = verdict.share * (1 - verdict.share)
        for decider in verdict.deciders:
            if decider.strength == decider.strength:  # a number
                weight[decider.parameter] = weight.get(decider.parameter, 0) + doubt * abs(decider.strength)
    if not weight:
        raise refuse(
            "nothing-uncertain", "no parameter of the scenario decides a claim, so there is nothing to map"
        )
    return tuple(sorted(weight, key=lambda name: (-weight[name], name))[:2])


def _levers(asked: _Asked) -> Part:
    from goodoffices.reports.explaining.lever_view import lever_data, lever_section
    from goodoffices.workflow.explaining import levers

    found = levers(
        asked.study.scenario, draws=asked.draws, seed=asked.seed, store=asked.store, **asked.settings
    )
    return _part(lever_section(found), found.settings, lever_data(found))


def _signals(asked: _Asked) -> Part:
    from goodoffices.reports.explaining.learning_view import learning_data, learning_section
    from goodoffices.workflow.explaining import learning

    found = learning(
        asked.study.scenario, draws=asked.draws, seed=asked.seed, rounds=asked.settings["rounds"]
    )
    return _part(learning_section(found), found.settings, learning_data(found))


def _why(asked: _Asked) -> Part:
    from goodoffices.reports.explaining.why_view import why_data, why_section
    from goodoffices.workflow.explaining import why

    def one(claim: str, k: int) -> Part:
        found = why(asked.study.scenario, claim, **asked.settings)
        section = why_section(found, prefix=f"why-{k}")
        return _part(section, found.settings, why_data(found), heading=found.text)

    return _each(asked, [v.claim.name for v in asked.study.verdicts], one, "why")


def _inverse(asked: _Asked) -> Part:
    from goodoffices.reports.explaining.inverse_view import inverse_data, inverse_section
    from goodoffices.reports.part import Block, Part
    from goodoffices.workflow.explaining import inverse

    def one(claim: str, k: int) -> Part:
        found = inverse(asked.study.scenario, claim, seed=asked.seed, **asked.settings)
        section = inverse_section(found, prefix=f"inverse-{k}")
        return _part(section, found.settings, inverse_data(found), heading=found.goal.text)

    failing = [v.claim.name for v in asked.study.verdicts if v.at_median is False]
    if not failing:
        said = "Nothing: every claim holds already with all parameters at their prior medians."
        return Part("inverse", "", (Block(None, (said,)),), data={"claims": []})
    return _each(asked, failing, one, "inverse")


def _each(asked: _Asked, claims: list[str], one: Callable[[str, int], Part], stage: str) -> Part:
    """One block for each claim; one that cannot be asked says why."""
    from goodoffices.reports.part import Block, Part

    blocks: list[Block] = []
    data: list[Mapping[str, Any]] = []
    last: Part | None = None
    stopped = False
    texts = {v.claim.name: v.claim.text for v in asked.study.verdicts}
    for k, claim in enumerate(claims):
        if asked.progress is not None:
            asked.progress(stage, k, len(claims))
        try:
            part = one(claim, k)
        except Refusal as refused:
            blocks.append(Block(texts[claim], (f"Not asked: {_said(refused)}",)))
            data.append({"claim": claim, "refused": _said(refused)})
            continue
        except KeyboardInterrupt:
            stopped = True
            break
        last = part
        blocks.extend(part.blocks)
        data.append(part.data)
    known: Mapping[str, str] = last.facts if last else {}
    facts = {name: text for name, text in known.items() if not name.startswith("seconds")}
    return Part(stage, "", tuple(blocks), last.explained if last else (), facts, {"claims": data}, stopped)


def _part(
    section: Section, settings: Mapping[str, object], data: Mapping[str, Any], *, heading: str | None = None
) -> Part:
    from goodoffices.reports.explaining.sections import part_of

    return part_of(section, settings, data, heading=heading)


def _refused(name: str, title: str, refused: Refusal) -> Part:
    from goodoffices.reports.part import Block, Part

    return Part(
        name, title, (Block(None, (f"Not asked: {_said(refused)}",)),), data={"refused": _said(refused)}
    )


def _stopped(name: str, title: str) -> Part:
    from goodoffices.reports.part import Block, Part

    said = "Stopped by the user before anything was found."
    return Part(name, title, (Block(None, (said,)),), data={"refused": said}, interrupted=True)


def _said(refused: Refusal) -> str:
    """What a refusal says, as one sentence."""
    return str(refused)


ANALYSES: Mapping[str, tuple[str, Callable[[_Asked], Part]]] = {
    "why": ("Why each claim follows, or does not", _why),
    "decide": ("Which parameters decide the claims", _decide),
    "tipping": ("Where the claims flip", _tipping),
    "discover": ("Rules that separate worlds", _discover),
    "levers": ("What each move does", _levers),
    "inverse": ("What it would take", _inverse),
    "signals": ("Who learns what", _signals),
}
"""Name -> title of the section, and what makes it."""
