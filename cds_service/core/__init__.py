"""The pure core: no web, files, network, environment, clock, randomness or logging.

What an EHR sends       resources (shapes), decode (late elements), inbound (what counts), records, text, facts
Codes and units         coding, valueset, units
What a plan says        parse_plan, parse_contained -> plan; library (which records wake which action)
Conditions              fhirpath
The dose of an order    dose
Advice                  apply (conditions -> advice), topic (one advice, all its orders)
Cards                   card, card_text, template (placeholders), suggestion
"""
