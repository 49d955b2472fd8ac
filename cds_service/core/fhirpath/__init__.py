"""Conditions in FHIRPath: text -> syntax tree -> compiled predicate.

The parser is fhirpathpy's; the tree is compiled once to closures, which answer TRUE, FALSE or UNKNOWN with evidence.
What the closures do not cover is refused when the knowledge is loaded. `docs/authoring.md` lists the language.
"""
