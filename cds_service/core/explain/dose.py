"""Why something of the dose is not known, in the words that the assessment of the dose has for it."""

from cds_service.core.dose.regimens import Dose

RECKONED = frozenset({"outcome", "perCourse", "perDay"})
NO_DOSE = "the order gives no dose"
NO_HEIGHT = "no usable height is recorded"


def why_not_known(dose: Dose, element: str) -> str:
    """Return why an element of the dose has no value: the order, the weight or the height; nothing where none is."""
    if element in RECKONED and dose.unreadable:
        return dose.texts.get("unreadable", "")
    if element in RECKONED and not dose.given:
        return NO_DOSE if dose.texts else ""
    if dose.weight is None and (element in {"weight", "bodyMassIndex", "perDay"} or _needs_weight(dose, element)):
        return dose.texts.get("weight", "")
    return NO_HEIGHT if element == "bodyMassIndex" else ""


def _needs_weight(dose: Dose, element: str) -> bool:
    return element in RECKONED and bool(dose.weight_needed)
