"""The knowledge that is served now, and all that is derived from it. It can be swapped between two requests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cds_service.knowledge.load import KnowledgeBase, Service


@dataclass(frozen=True)
class Served:
    """One knowledge, as it is served.

    `discovery` is the answer to discovery, `description` that of /openapi.json; `readers` are the services that do not
    repeat what another one told.
    """

    knowledge: KnowledgeBase
    discovery: dict[str, Any]
    description: dict[str, Any]
    readers: tuple[Service, ...]


class Current:
    """Holds what is served now.

    A request reads `served` once and answers from that alone, so no answer is made of two knowledges, and what was
    swapped out lives as long as the last request that read it. `describe` makes the OpenAPI description for the ids of
    services.
    """

    def __init__(self, knowledge: KnowledgeBase, describe: Callable[[Iterable[str]], dict[str, Any]]) -> None:
        self._describe = describe
        self.served = self._prepare(knowledge)

    def swap(self, knowledge: KnowledgeBase) -> None:
        """Serve another knowledge from the next request on; all of it is made ready before."""
        self.served = self._prepare(knowledge)

    def _prepare(self, knowledge: KnowledgeBase) -> Served:
        services = knowledge.services
        return Served(
            knowledge,
            {"services": [each.to_discovery() for each in services.values()]},
            self._describe(services),
            tuple(each for each in services.values() if each.not_repeated_s),
        )
