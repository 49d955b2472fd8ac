"""The dose of an order: what is given, to what weight, and which described course it fits.

assessment    one order: its instructions, the weight and the regimens brought together
weight        the newest weight that is fresh and plausible
instructions  dosageInstruction and quantity -> doses per kilogram, or why they cannot be read
regimens      a course against the regimens that sources describe; slips, adjusted weight
course        instructions -> courses: what is given without a long gap
dosage        one FHIR Dosage: amount, rate and schedule
timing        one FHIR Timing: how many infusions, how often, over how many days

Imports flow down this list only.
"""
