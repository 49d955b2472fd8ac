"""The HTTP edge: CDS Hooks requests and answers, and nothing else."""
