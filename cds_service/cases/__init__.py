"""Golden cases: what the guideline says must come out for one request, as JSON that a clinician can read."""
