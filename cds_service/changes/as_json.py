"""The sheet as JSON, for other programs."""

import json
from dataclasses import asdict
from typing import Any

from cds_service.changes.change import Change
from cds_service.changes.page import summary
from cds_service.changes.sheet import Sheet


def to_json(sheet: Sheet) -> str:
    """Return the sheet as JSON; texts are whole, old and new."""
    whole = asdict(sheet) | {"behavesOtherwise": sheet.behaves_otherwise}
    told: dict[str, Any] = {_camel(name): value for name, value in whole.items()}
    told["summary"] = [text for text, _ in summary(sheet)]
    told["changes"] = [_change(each) for each in sheet.changes]
    return json.dumps(told, indent=2, ensure_ascii=False)


def _change(change: Change) -> dict[str, Any]:
    kind = {"kind": change.kind.label, "section": change.kind.section.name.lower()}
    texts = {"what": change.what, "old": change.old, "new": change.new}
    return {"artifact": change.artifact, "title": change.title, **kind, **texts}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.title() for each in rest)
