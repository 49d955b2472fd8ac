"""Who may call (CDS Hooks 2.0, Trusting CDS Clients): a token for the address that is called, or a loopback peer."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import g, request

from cds_service.access.address import is_loopback
from cds_service.access.token import Caller, Verifier
from cds_service.errors import Unauthorized
from cds_service.hooks.line import note


@dataclass(frozen=True)
class Guard:
    """How callers are told apart. Without a verifier anybody may call, or anybody on this machine (`only_local`)."""

    verifier: Verifier | None
    public_url: str
    only_local: bool
    refused: Callable[[str], object]

    def admit(self) -> None:
        """Let the request pass, and remember its caller; raises Unauthorized (401)."""
        try:
            g.caller = self._caller()
        except Unauthorized as error:
            note(reason=error.reason)
            self.refused(error.reason)
            raise
        if g.caller:
            note(issuer=g.caller.issuer)

    def _caller(self) -> Caller | None:
        if self.verifier:
            return self.verifier.verify(request.headers.get("Authorization"), self.public_url + request.path)
        peer = request.remote_addr  # none: a Unix socket, which only this machine can reach
        if self.only_local and peer and not is_loopback(peer):
            raise Unauthorized("not-local")
        return None


def tenant_of(caller: Caller | None) -> str | None:
    """Return whose records a caller's are: its issuer, and its tenant where it names one."""
    if caller is None:
        return None
    return f"{caller.issuer}|{caller.tenant}" if caller.tenant else caller.issuer
