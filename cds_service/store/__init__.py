"""What outlives a call: which card said what, what became of it, and two kinds of short-lived hashes.

store      the Store: everything below for one process; what fails and what degrades
writer     the queue and the thread that empties it
breaker    fail fast for a while after a failure
database   the database as one process reaches it
schema     the migrations, and whether they have run
migrations alembic's environment; one module a revision in versions/
counts     how many cards were issued and how they ended
feedback   what clients report of cards
cards      cards that were issued
digests    keyed hashes of advice, and tokens that were used
prune      what is too old goes, in small portions
engine     SQLite or PostgreSQL by URL, with the shortest of patience
impatient  a PostgreSQL connection that does not wait for ever
faults     what a driver says -> StoreError, without a value of a row
tables     the tables
rows       what goes in, and its units

Imports flow down this list only. No patient data, no order, no token is in any table.
"""
