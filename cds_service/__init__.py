"""cds-service: CDS Hooks advice whose clinical knowledge is plain FHIR.

__main__   the command line
cases      golden cases: reading, running, coverage
app        create_app(settings): where everything meets; the clock is read here
settings   every setting
hooks      the HTTP edge: CDS Hooks requests and answers
knowledge  files -> core values, once, at start-up; the rules across artifacts
core       pure: value sets, conditions, plans, facts, doses, advice, cards, suggestions
errors     every deliberate error

Imports flow down this list only. One order-select request: hooks.routes -> hooks.request -> hooks.facts ->
core.apply -> core.card -> hooks.routes.
"""

from importlib.metadata import version

__version__ = version("cds-service")
