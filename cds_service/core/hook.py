"""The CDS Hooks hooks that can be served, one row each (CDS Hooks library, order-select 1.0 and order-sign 1.0)."""

from typing import NamedTuple


class Hook(NamedTuple):
    """A hook about draft orders; `has_selections`: only those that context.selections names are in scope."""

    has_selections: bool


HOOKS = {
    "order-select": Hook(has_selections=True),
    "order-sign": Hook(has_selections=False),
}
