"""alembic's environment: runs the revisions within the transaction that it is given (see store.schema)."""

from alembic import context

from cds_service.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
