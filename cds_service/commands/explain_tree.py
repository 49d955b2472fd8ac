"""Explanations on a terminal: what fired first, then what nearly did, then the rest. Needs rich."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, Group
from rich.text import Text
from rich.tree import Tree

from cds_service.commands.explain_parts import add_lines, headline, outcome, whole
from cds_service.core.explain.deciding import is_touched, left_out_of
from cds_service.core.explain.records import describe, records_of, sets_of, unknown_systems
from cds_service.core.explain.values import LeftOut, Step
from cds_service.core.explain.words import found_all_the_same, name_of, reasons, told, told_left_out, why_unknown
from cds_service.core.facts import Facts
from cds_service.core.records import Record
from cds_service.core.valueset import Terminology
from cds_service.hooks.explain import NO_ORDER, ExplainedOrder, Explanation

MOST_RECORDS, MOST_SETS = 12, 3
Why = Callable[[Step], str]
SPEAKING = frozenset({"recommendation", "branches", "notice", "risk"})


def print_explanation(explanation: Explanation, only: Sequence[str], everything: bool) -> None:
    """Print an explanation: an overview of each order, the actions of `only` with all parts, or every action."""
    console = Console(highlight=False)
    console.print(_heading(explanation))
    if not explanation.orders:
        console.print(Text(f"{NO_ORDER} The call holds {explanation.drafts} draft order(s)."))
    for each in explanation.orders:
        console.print(_order(each, explanation, only, everything))


def _heading(explanation: Explanation) -> Text:
    plan = explanation.service.plan
    text = Text.assemble((f"{plan.id} {plan.version}", "bold"), f", knowledge {explanation.knowledge}")
    text.append(f", on {explanation.today.isoformat()}")
    if explanation.missing:
        text.append(f"\nNot available: {', '.join(explanation.missing)}", style="yellow")
    return text


def _order(explained: ExplainedOrder, explanation: Explanation, only: Sequence[str], everything: bool) -> Tree:
    terminology, ignored = explanation.terminology, explanation.left_out
    tree = Tree(Text(f"Order {told(describe(explained.order, terminology.units))}", style="bold"), highlight=False)
    if explained.facts is None:
        branch = tree.add(Text("The service is not about this order", style="bold yellow"))
        for each in explained.steps:
            add_lines(branch, reasons(each))
        return tree
    _add_left_out(_add_data(tree, explained.facts, terminology), ignored)
    if only:
        for each in explained.named(only):
            tree.children.append(whole(each, ignored))
    elif everything:
        for each in explained.steps:
            _add_all(tree, each)
    else:
        _add_overview(tree, explained.steps, ignored)
    return tree


def _add_data(tree: Tree, facts: Facts, terminology: Terminology) -> Tree:
    """Add the records that count, each with the value sets that hold its code."""
    branch = tree.add(Text("READ", style="bold"))
    for variable, records in records_of(facts).items():
        if records:
            named = [_datum(each, terminology) for each in records]
            more = f"; and {len(named) - MOST_RECORDS} more" if len(named) > MOST_RECORDS else ""
            branch.add(Text(f"%{variable}: {'; '.join(named[:MOST_RECORDS])}{more}"))
    if not branch.children:
        branch.add(Text("no record that counts"))
    return branch


def _add_left_out(branch: Tree, ignored: Sequence[LeftOut]) -> None:
    """Add the records that came and do not count, each with the reason."""
    for each in ignored[:MOST_RECORDS]:
        branch.add(Text(f"{told_left_out(each)} {_sets(each.value_sets, each.unknown_systems)}", style="yellow"))
    if len(ignored) > MOST_RECORDS:
        branch.add(Text(f"and {len(ignored) - MOST_RECORDS} more left out; --json names all", style="dim"))


def _datum(record: Record, terminology: Terminology) -> str:
    seen = describe(record, terminology.units)
    return f"{told(seen)} {_sets(sets_of(record, terminology), unknown_systems(seen, terminology))}"


def _sets(canonicals: Sequence[str], unknown: Sequence[str]) -> str:
    """Return the value sets that hold a record's code, or that none does, and whether its system is the reason."""
    sets = [name_of(each).partition("|")[0] for each in canonicals]
    if sets:
        more = f" and {len(sets) - MOST_SETS} more" if len(sets) > MOST_SETS else ""
        return f"[{', '.join(sets[:MOST_SETS])}{more}]"
    why = [f"none that is loaded uses the system {each}" if each else "its code names no system" for each in unknown]
    return f"[{': '.join(filter(None, ('no value set', ', '.join(why))))}]"


def _add_all(tree: Tree, step: Step) -> None:
    node = tree.add(outcome(step))
    if step.outcome != "not-asked":
        add_lines(node, reasons(step))
    for each in step.children:
        _add_all(node, each)


# The overview


def _add_overview(tree: Tree, steps: Sequence[Step], ignored: Sequence[LeftOut]) -> None:
    speaking = [each for step in steps for each in _speaking(step)]
    names = _names(speaking)
    silent = [each for each in speaking if each.outcome == "silent"]
    unknown = [each for each in silent if why_unknown(each)]
    lost = {id(each): [told_left_out(record) for record in left_out_of(each, ignored)] for each in silent}
    near = [each for each in silent if (lost[id(each)] or is_touched(each)) and not why_unknown(each)]
    far = [each for each in silent if not (lost[id(each)] or is_touched(each))]
    fired = tree.add(Text(f"FIRED ({sum(each.outcome == 'fired' for each in speaking)})", style="bold green"))
    for each in steps:
        _add_fired(fired, each)
    _add_near(tree, near, lost)
    _add_groups(tree, "UNKNOWN, AND SO SILENT", "bold yellow", unknown, why_unknown, names)
    _add_names(tree, f"SILENT, and nothing of it was found ({len(far)})", "bold red", far, names)
    asked = [each for each in speaking if each.outcome == "not-asked"]
    _add_groups(tree, "NOT ASKED", "bold", asked, lambda step: step.because, names)


def _speaking(step: Step) -> Iterable[Step]:
    """Yield what speaks, without the branches of a question that did not come up."""
    if step.kind in SPEAKING:
        yield step
    else:
        for each in step.children:
            yield from _speaking(each)


def _names(steps: list[Step]) -> dict[int, str]:
    """Return what each action is called: by its key where no other has it."""
    keys = Counter(each.key for each in steps)
    return {id(each): each.key if each.key and keys[each.key] == 1 else each.name for each in steps}


def _add_fired(tree: Tree, step: Step) -> None:
    """Add what fired, the lines of a card below it."""
    node = tree
    if step.outcome == "fired":
        node = tree.add(headline(step))
        if step.kind != "suggestion":
            add_lines(node, reasons(step))
    for each in step.children:
        _add_fired(node, each)


def _add_near(tree: Tree, steps: list[Step], lost: dict[int, list[str]]) -> None:
    if not steps:
        return
    branch = tree.add(Text(f"SILENT, though something of it was found ({len(steps)})", style="bold yellow"))
    for each in steps:
        add_lines(branch.add(headline(each)), [*lost[id(each)], *found_all_the_same(each), *reasons(each)])


def _add_groups(tree: Tree, title: str, style: str, steps: list[Step], why: Why, names: dict[int, str]) -> None:
    if not steps:
        return
    branch = tree.add(Text(f"{title} ({len(steps)})", style=style))
    groups: dict[str, list[Step]] = {}
    for each in steps:
        groups.setdefault(why(each), []).append(each)
    for because, group in groups.items():
        _add_names(branch, because, "", group, names)


def _add_names(tree: Tree, title: str, style: str, steps: list[Step], names: dict[int, str]) -> None:
    if steps:
        told = Text(", ".join(names[id(each)] for each in steps), style="dim")
        tree.add(Group(Text(title, style=style), told))
