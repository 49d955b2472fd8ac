"""The groups of the command line: each a file, added to the command by __main__."""
