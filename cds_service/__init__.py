"""cds-service: CDS Hooks advice whose clinical knowledge is plain FHIR.

__main__   the command line
commands   its groups: keys, db, feedback
changes    what two versions of knowledge differ in: artifacts, and answers
scaffold   files to start new knowledge from
cases      golden cases: reading, running, coverage
app        create_app(settings): where everything meets; the clock is read here
settings   every setting
hooks      the HTTP edge: CDS Hooks requests and answers
access     who calls: tokens, keys, clients
fhir       fetching what did not come from the EHR's FHIR server
feedback   what became of cards: reading it, and the report
operations metrics and log lines
codes      value sets for their authors: where a code is used, editing, the sheet, expanding, validating
store      the database: cards given, feedback, hashes of advice and tokens
knowledge  files -> core values, once, at start-up; the rules across artifacts
core       pure: value sets, conditions, plans, facts, doses, advice, cards, suggestions, explanations
get        one bounded GET, of key sets and of Bundles
errors     every deliberate error

Imports flow down this list only. One order-select request: hooks.routes -> hooks.request -> hooks.facts ->
core.apply -> core.card -> hooks.routes. access, fhir, feedback, operations and codes do not know each other.
"""

from importlib.metadata import version

__version__ = version("cds-service")
