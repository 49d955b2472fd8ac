"""Mutation of the shipped knowledge: every change of meaning must be caught by the check, the golden cases or the diff.

edit        a changed copy of a resource
mutant      one mutant: its class, what was done in words, the changed artifacts
terms       mutants of value sets, code systems and naming systems
plans       mutants of plans: each element, and the order of actions
sayings     what a plan says: stance, class, direction, on-unknown, words
offers      what a card offers, and what makes a service
vocabulary  what may stand in the place of something else
doses       mutants of regimens and of the dose check
conditions  mutants of conditions, on the syntax tree
recorded    what each condition was asked on in the cases
directions  which records the rule on opposite directions must ask about again
swap        value sets changed inside a loaded terminology, and back
check       the knowledge check of a mutant, by way of what did not change
cases       the golden cases that can notice a mutant, and their answer to it
judge       check, then cases, then diff: who catches a mutant
shipped     the judge of the shipped knowledge, and all mutants of it
verdict     who caught a mutant
report      the table

`python -m tests.mutation --all` judges every mutant; the tests judge all of the grave classes and a sample of the rest.
"""
