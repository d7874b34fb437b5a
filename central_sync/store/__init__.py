"""The hub's database: tables, repositories, units of work, migrations. SQLAlchemy appears in this room only.

``with store.write() as uow:`` is one transaction; its repositories are ``uow.members``, ``uow.cases`` and so on. What goes in and
comes out are the frozen records of :mod:`central_sync.store.records`.
"""

from central_sync.store.migrate import migrate
from central_sync.store.store import Store, UnitOfWork

__all__ = ["Store", "UnitOfWork", "migrate"]
