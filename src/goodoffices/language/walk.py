"""Walking typed trees: the parts of a node, the names it mentions, and what a named expression leads to.

Receives expressions; returns generators and sets. No recursion on names: cycles in `let` are found here, before anything
else follows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from goodoffices.language import tree
from goodoffices.language.scenario import Let, Scenario
from goodoffices.language.tree import Expression


def parts(node: Expression) -> tuple[Expression, ...]:
    """Operands of a node."""
    match node:
        case tree.Unary():
            return (node.operand,)
        case tree.Binary():
            return (node.left, node.right)
        case tree.Conditional():
            return (node.condition, node.then, node.otherwise)
        case tree.Call():
            return node.arguments
        case _:
            return ()


def nodes(root: Expression) -> Iterator[Expression]:
    """Every node of one tree, the root first."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(parts(node)))


def mentions(root: Expression, lets: Mapping[str, Let]) -> Iterator[Expression]:
    """Every node of a tree and of the named expressions and tables that it leads to, each of these once."""
    seen: set[str] = set()
    todo = [root]
    while todo:
        for node in nodes(todo.pop()):
            yield node
            name = named_part(node)
            if name in lets and name not in seen:
                seen.add(name)
                todo.extend(let_parts(lets[name]))


def let_parts(let: Let) -> tuple[Expression, ...]:
    """The expressions of a named expression or table."""
    return tuple(let.table.values()) if let.expression is None else (let.expression,)


def parameters_of(root: Expression, scenario: Scenario) -> set[str]:
    """Parameters that an expression depends on, through named expressions too."""
    lets = {let.name: let for let in scenario.lets}
    names = {p.name for p in scenario.parameters}
    return {n.name for n in mentions(root, lets) if isinstance(n, tree.Name) and n.name in names}


def dimensions_of(root: Expression, lets: Mapping[str, Let]) -> dict[str, Expression]:
    """Factors and types that an expression depends on, each with the first node that mentions it."""
    found: dict[str, Expression] = {}
    for node in mentions(root, lets):
        if isinstance(node, tree.LevelTest):
            found.setdefault(node.subject, node)
        elif isinstance(node, tree.Lookup):
            found.setdefault(node.key, node)
    return found


def is_condition(node: Expression) -> bool:
    """Whether the value is true or false rather than a number."""
    match node:
        case tree.LevelTest():
            return True
        case tree.Unary(operator="not"):
            return True
        case tree.Binary(operator=operator):
            return operator not in ("+", "-", "*", "/", "**")
        case _:
            return False


def is_truth(node: Expression, lets: Mapping[str, Let]) -> bool:
    """Whether an expression, or the one that a name stands for, is true or false rather than a number."""
    while isinstance(node, tree.Name) and node.name in lets:
        following = lets[node.name].expression
        if following is None:
            return False
        node = following
    return is_condition(node) or is_faulty(node)


def is_faulty(root: Expression) -> bool:
    """Whether some part could not be resolved (and was reported)."""
    return any(isinstance(node, tree.Number) and node.value != node.value for node in nodes(root))


def every_expression(scenario: Scenario) -> list[Expression]:
    """Every expression of a scenario outside its claims."""
    found: list[Expression | None] = [scenario.time.discount, scenario.stops]
    found += [o for t in scenario.types for o in t.odds]
    found += [p.rationality for p in scenario.parties]
    found += [part for let in scenario.lets for part in let_parts(let)]
    found += [*scenario.values.values(), *scenario.end_values.values()]
    for turn in scenario.turns:
        for mover in turn.movers:
            for move in mover.moves:
                found += [
                    move.when,
                    *(c for _, c in move.costs),
                    *(o for e in move.then for _, o in e.outcomes),
                ]
        for outcome in turn.outcomes:
            found += [outcome.odds, outcome.when, *(o for e in outcome.then for _, o in e.outcomes)]
    return [expression for expression in found if expression is not None]


def let_cycles(lets: Mapping[str, Let]) -> list[tuple[str, ...]]:
    """Cycles among named expressions: each as the names along it, from the one that is declared first."""
    uses = {
        name: sorted(
            {m for part in let_parts(let) for node in nodes(part) if (m := named_part(node)) in lets}
        )
        for name, let in lets.items()
    }
    state: dict[str, int] = {}  # 1: on the present path, 2: done
    cycles: list[tuple[str, ...]] = []
    for root in lets:
        path: list[str] = []
        todo = [(root, False)]
        while todo:
            name, leaving = todo.pop()
            if leaving:
                path.pop()
                state[name] = 2
                continue
            if state.get(name) == 1:
                cycles.append(tuple(path[path.index(name) :]))
                continue
            if state.get(name) == 2:
                continue
            state[name] = 1
            path.append(name)
            todo.append((name, True))
            todo.extend((used, False) for used in reversed(uses[name]))
    return cycles


def let_heights(lets: Mapping[str, Let]) -> dict[str, int]:
    """How many nodes lie on the longest way down each named expression, through others; there must be no cycles."""
    known: dict[str, int] = {}
    todo = list(lets)
    while todo:
        parts = let_parts(lets[todo[-1]])
        needed = {named_part(node) for part in parts for node in nodes(part)} & lets.keys() - known.keys()
        if needed:
            todo.extend(sorted(needed))
        else:
            known[todo.pop()] = max((height(part, known) for part in parts), default=0)
    return known


def height(root: Expression, lets: Mapping[str, int]) -> int:
    """How many nodes lie on the longest way down an expression, given the heights of named expressions."""
    tallest = 0
    todo = [(root, 1)]
    while todo:
        node, depth = todo.pop()
        tallest = max(tallest, depth + lets.get(named_part(node), 0))
        todo.extend((part, depth + 1) for part in parts(node))
    return tallest


def named_part(node: Expression) -> str:
    """Name of the named expression or table that a node stands for, empty for other nodes."""
    if isinstance(node, tree.Name):
        return node.name
    return node.table if isinstance(node, tree.Lookup) else ""
