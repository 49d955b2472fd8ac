"""One explained action on a terminal: its headline, what decided, or its whole condition. Needs rich."""

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from cds_service.core.explain.deciding import left_out_of
from cds_service.core.explain.values import LeftOut, Part, Step, Truth
from cds_service.core.explain.words import (
    OTHER_UNIT,
    TRUTHS,
    gathered,
    is_plain,
    negation,
    none_of,
    short,
    statements,
    told,
    told_left_out,
)

COLOURS = {True: "green", False: "red", None: "yellow"}
OUTCOMES = {"fired": "bold green", "taken": "green", "silent": "red", "not-asked": "dim"}
MOST_LINES = 6


def headline(step: Step) -> Text:
    """Return what an action is, what it is about, and its title."""
    text = Text.assemble(f"{step.kind} ", (step.key or step.action.id, "bold"))
    graded = f"class {step.action.evidence_class}" if step.action.evidence_class else None
    stance = ", ".join(filter(None, (step.action.stance, graded)))
    text.append(f": {stance}" if stance else "", style="cyan")
    text.append(f"  {step.name}", style="dim")
    if step.title:
        text.append(f"\n{step.title}", style="italic")
    return text


def outcome(step: Step) -> Text:
    """Return what became of an action, and its headline."""
    text = Text(f"{step.outcome.upper().replace('-', ' ')} ", style=OUTCOMES[step.outcome])
    return text.append_text(headline(step))


def add_lines(node: Tree, lines: Iterable[str]) -> None:
    """Add the first few lines, and how many there are more."""
    known = list(lines)
    for line in known[:MOST_LINES]:
        node.add(Text(line))
    if len(known) > MOST_LINES:
        node.add(Text(f"and {len(known) - MOST_LINES} more; --only shows all", style="dim"))


def whole(step: Step, ignored: Iterable[LeftOut]) -> Tree:
    """Return an action with every part of its condition and of those of its notes, and what of it was left out."""
    node = Tree(outcome(step), highlight=False)
    if step.because:
        node.add(Text(step.because))
    for each in left_out_of(step, ignored):
        node.add(Text(told_left_out(each), style="yellow"))
    if step.condition:
        means = "applies" if step.action.applies_on_unknown else "does not apply"
        branch = node.add(Text(f"condition (where it is unknown, the action {means})", style="dim"))
        _add_part(branch, step.condition)
    for noted in step.notes:
        branch = node.add(Text(f"note, {'said' if noted.said else 'not said'}: {noted.text}"))
        _add_part(branch, noted.condition)
    return node


def _add_part(tree: Tree, part: Part) -> None:
    if part.stages and not is_plain(part):
        _add_search(tree, part)
    elif denied := negation(part):
        tree.add(_truth(part.truth, denied))
    elif part.parts:
        node = tree.add(_truth(part.truth, part.kind))
        for together in gathered(part.parts):
            if is_plain(together[0]):
                node.add(_truth(False, none_of(together, len(together))))
            else:
                _add_part(node, together[0])
    else:
        for line in [none_of([part])] if is_plain(part) else statements(part):
            tree.add(_truth(part.truth, line + (OTHER_UNIT if part.other_unit else "")))


def _add_search(tree: Tree, part: Part) -> None:
    node = tree.add(_truth(part.truth, short(part.text, part)))
    if part.available == "partly":
        node.add(Text("only part of the data was available", style="yellow"))
    for stage in part.stages:
        step = f"{short(stage.text, part)}: " if len(part.stages) > 1 else ""
        branch = node.add(Text(f"{step}{stage.kept} of {stage.considered}", style="dim"))
        for seen in stage.records:
            record = branch.add(_truth(seen.truth, told(seen)))
            if seen.part:
                _add_part(record, seen.part)


def _truth(truth: Truth, text: str) -> Text:
    return Text.assemble((f"{TRUTHS[truth]} ", COLOURS[truth]), text)
