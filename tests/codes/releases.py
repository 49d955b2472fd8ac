"""Releases of an invented classification, as values and as files in the CDC's format."""

from pathlib import Path

from cds_service.codes.icd10cm import Node, Release

OLD = {
    "Q00": ("Rash", ("Q00.1", "Q00.2")),
    "Q00.1": ("Rash of the arm", ()),
    "Q00.2": ("Rash of the leg", ("Q00.21", "Q00.22")),
    "Q00.21": ("Rash of the left leg", ()),
    "Q00.22": ("Rash of the right leg", ()),
    "Q01": ("Itch", ()),
}
NEW = {
    "Q00": ("Rash", ("Q00.1", "Q00.2", "Q00.3")),
    "Q00.1": ("Rash of the upper arm", ()),
    "Q00.2": ("Rash of the leg", ("Q00.21", "Q00.23")),
    "Q00.21": ("Rash of the left leg", ()),
    "Q00.23": ("Rash of the knee", ()),
    "Q00.3": ("Rash of the ear", ()),
    "Q01": ("Itch", ("Q01.0",)),
    "Q01.0": ("Itch of the ear", ()),
}


def release(codes: dict, year: str) -> Release:
    parents = {child: code for code, (_, children) in codes.items() for child in children}
    nodes = {code: Node(display, parents.get(code), children) for code, (display, children) in codes.items()}
    return Release(f"invented {year}", year, nodes)


def write_release(folder: Path, codes: dict, year: str) -> tuple[Path, Path]:
    """Write the list of codes and the tabular list of a release."""
    listed, tabular = folder / f"codes-{year}.txt", folder / f"tabular-{year}.xml"
    listed.write_text("".join(f"{code.replace('.', '')}  {display}\n" for code, (display, _) in codes.items()))
    below = {child for _, children in codes.values() for child in children}
    diags = "".join(_diag(code, codes) for code in codes if code not in below)
    section = f'<section id="Q00-Q01"><desc>Skin</desc>{diags}</section>'
    chapter = f"<chapter><name>1</name><desc>Skin</desc>{section}</chapter>"
    tabular.write_text(f"<ICD10CM.tabular><version>{year}</version><introduction/>{chapter}</ICD10CM.tabular>")
    return listed, tabular


def _diag(code: str, codes: dict) -> str:
    display, children = codes[code]
    return f"<diag><name>{code}</name><desc>{display}</desc>{''.join(_diag(each, codes) for each in children)}</diag>"
