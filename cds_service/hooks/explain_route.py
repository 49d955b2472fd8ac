"""The address that explains a call: only where a setting allows it, since an answer holds codes of the patient."""

from dataclasses import replace

from flask import Blueprint, Response

from cds_service.errors import PreconditionFailed
from cds_service.hooks.answer import find_service
from cds_service.hooks.explain import Explanation, explain
from cds_service.hooks.line import note
from cds_service.hooks.routes import Edge, json_response, read_body
from cds_service.knowledge.load import KnowledgeBase, Service

MOST_WORK = 5_000


def make_explain_route(edge: Edge) -> Blueprint:
    """Return the route of explanations, guarded as calls are.

    Orders times records are limited more closely than those of a call, since every action is asked about every record.
    """
    routes = Blueprint("explain", __name__)
    routes.before_request(edge.guard.admit)

    @routes.post("/cds-services/<service_id>/explain", endpoint="explain")
    def explain_call(service_id: str) -> Response:
        knowledge = edge.current.served.knowledge
        service = find_service(knowledge, service_id)
        note(service=service_id, hook=service.hook, plan=service.plan.canonical, knowledge=knowledge.digest)
        explained = _explain(edge, knowledge, service)
        if explained.missing:
            note(missing=explained.missing)
        return json_response(explained.to_json())

    return routes


def _explain(edge: Edge, knowledge: KnowledgeBase, service: Service) -> Explanation:
    limits = replace(edge.limits, work=min(edge.limits.work, MOST_WORK))
    body, today = read_body(edge.limits), edge.effects.today()
    try:
        return explain(knowledge, service, body, today, limits, edge.fetch)
    except PreconditionFailed as error:
        note(missing=error.keys)
        raise
