"""The pure core: no web, files, network, environment, clock, randomness or logging."""
