"""CDS Hooks 2.0, Feedback: what clinicians did with the cards.

parse   the body of a feedback call -> events
report  counts of the store -> acceptance and override rates per recommendation version, as a table or CSV
wilson  a confidence interval of a proportion
"""
