"""The service against its floor, in one run: `make bench`."""
