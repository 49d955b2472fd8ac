"""Rules of a service plan: its hook, where its orders are described, and the prefetch that it asks for."""

import re
from collections import Counter
from collections.abc import Iterator

from cds_service.core.hook import HOOKS
from cds_service.core.plan import Action, Plan

QUERY = re.compile(r"[A-Z][A-Za-z]+(/\{\{context\.\w+\}\}|\?[\w:-]+=[^&\s]+(&[\w:-]+=[^&\s]+)*)")
TOKENS = frozenset({"{{context.patientId}}", "{{context.encounterId}}", "{{context.userId}}", "{{userPractitionerId}}"})
Breach = tuple[str, str, str]


def check_service(plan: Plan) -> Iterator[Breach]:
    """Return the breaches of one plan: a hook that is not served, and prefetch that is no CDS Hooks 2.0 query."""
    if plan.hook and plan.hook not in HOOKS:
        yield "action.trigger", f"the hook {plan.hook} is not served.", f"use one of {', '.join(sorted(HOOKS))}."
    for action in plan.actions:
        yield from _prefetch(action)
        if action.hook and action.definition and (action.condition or action.prefetch or action.children):
            reason = "the orders of the service are described here and in the plan it refers to."
            yield f"action({action.id})", reason, "keep condition, input and actions in the plan that is referred to."
        if action.hook and len(plan.actions) > 1:
            yield f"action({action.id})", "a service has one action.", "put the others below it."


def _prefetch(action: Action) -> Iterator[Breach]:
    keys = Counter(template.key for template in action.prefetch)
    for key in sorted(key for key in keys if keys[key] > 1):
        yield f"action.input({key})", "the prefetch key is given twice.", "give each data requirement its own id."
    for template in action.prefetch:
        tokens = set(re.findall(r"\{\{.*?\}\}", template.query))
        if template.query and (not QUERY.fullmatch(template.query) or tokens - TOKENS):
            reason = "not a CDS Hooks 2.0 prefetch query."
            yield f"action.input({template.key})", reason, "use Type/{{context.x}} or Type?param=value."
