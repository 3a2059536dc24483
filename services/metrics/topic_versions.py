"""The versions of topics as the store has them: what a reader's figures are compared with, and hints are swept by."""

from __future__ import annotations

from sqlalchemy import select

from services.storage import tables
from services.storage.engine import Store


def stored(store: Store) -> dict[str, int]:
    """Topic (`revenue@main`) → version, as committed now.

    Errors: StoreUnavailable.
    """
    table = tables.topic_versions
    with store.reading() as connection:
        rows = connection.execute(select(table.c.metric, table.c.site, table.c.version))
        return {f"{row.metric}@{row.site}": row.version for row in rows}
