"""Alembic's entry: runs the steps on the connection that ``store.migrate`` gives it, in that connection's transaction."""

from alembic import context

from central_sync.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
