"""Why: the parts of a condition and of a plan, each with what it came to on given facts, and on which data.

`conditions` takes a condition apart, `searches` says which records were looked at, `walk` which actions were taken and
why the others were not; `values` are what they return, `deciding` picks what settled it, `write` makes JSON of it.
Everything is evaluated without the index and beside the request path, so serving does none of this work.
"""
