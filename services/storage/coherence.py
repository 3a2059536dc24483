"""Whether tables that hold the same thing twice agree; all that does not is told in SQL that both stores understand."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

Contradiction = tuple[str, str, tuple[str, ...], str, int | None, int | None]
"""(site, table, key, column, what it should be, what it is)."""

# Each answers with site, key, what it should be, what it is, for (table, column).
_EVERYWHERE = {
    ("orders", "lines"): """
        SELECT o.site, o.order_id, COALESCE(l.number, 0), o.lines FROM orders o LEFT JOIN (
            SELECT site, order_id, COUNT(*) AS number FROM order_lines GROUP BY site, order_id
        ) l ON l.site = o.site AND l.order_id = o.order_id WHERE o.lines <> COALESCE(l.number, 0)""",
    ("orders", "lines_amount"): """
        SELECT o.site, o.order_id, COALESCE(l.amount, 0), o.lines_amount FROM orders o LEFT JOIN (
            SELECT site, order_id, SUM(amount) AS amount FROM order_lines GROUP BY site, order_id
        ) l ON l.site = o.site AND l.order_id = o.order_id WHERE o.lines_amount <> COALESCE(l.amount, 0)""",
    ("order_lines", "occurred_at"): """
        SELECT l.site, l.order_id, o.occurred_at, l.occurred_at FROM order_lines l
        LEFT JOIN orders o ON o.site = l.site AND o.order_id = l.order_id
        WHERE o.occurred_at IS NULL OR o.occurred_at <> l.occurred_at""",
    ("customers", "first_at"): """
        SELECT o.site, o.customer_id, MIN(o.occurred_at), c.first_at FROM orders o
        LEFT JOIN customers c ON c.site = o.site AND c.customer_id = o.customer_id
        WHERE o.customer_id IS NOT NULL GROUP BY o.site, o.customer_id, c.first_at
        HAVING c.first_at IS NULL OR MIN(o.occurred_at) <> c.first_at""",
    ("orders", "customer_type"): """
        SELECT o.site, o.order_id, CASE WHEN c.first_order = o.order_id THEN 1 ELSE 0 END,
               CASE WHEN o.customer_type = 'new' THEN 1 ELSE 0 END
        FROM orders o LEFT JOIN customers c ON c.site = o.site AND c.customer_id = o.customer_id
        WHERE (c.first_order = o.order_id AND o.customer_type <> 'new')
           OR (o.customer_type = 'new' AND (c.first_order IS NULL OR c.first_order <> o.order_id))""",
    ("refunds", "cancels"): """
        SELECT r.site, r.order_id, 1, SUM(r.cancels) FROM refunds r
        JOIN orders o ON o.site = r.site AND o.order_id = r.order_id
        GROUP BY r.site, r.order_id HAVING COUNT(*) > COUNT(r.asked) AND SUM(r.cancels) <> 1""",
    ("refunds", "booked"): """
        SELECT r.site, r.order_id,
               CASE WHEN o.total > COALESCE(SUM(r.asked), 0) THEN o.total - COALESCE(SUM(r.asked), 0) ELSE 0 END,
               SUM(CASE WHEN r.cancels = 1 THEN r.booked ELSE 0 END)
        FROM refunds r JOIN orders o ON o.site = r.site AND o.order_id = r.order_id
        GROUP BY r.site, r.order_id, o.total
        HAVING COUNT(*) > COUNT(r.asked) AND SUM(CASE WHEN r.cancels = 1 THEN r.booked ELSE 0 END) <>
               CASE WHEN o.total > COALESCE(SUM(r.asked), 0) THEN o.total - COALESCE(SUM(r.asked), 0) ELSE 0 END""",
}
_WITH_PARTITIONS = {
    ("orders", "order_id"): """
        SELECT site, order_id, 1, COUNT(*) FROM orders GROUP BY site, order_id HAVING COUNT(*) > 1""",
    ("payments", "payment_key"): """
        SELECT site, payment_key, 1, COUNT(*) FROM payments GROUP BY site, payment_key HAVING COUNT(*) > 1""",
    ("order_keys", "occurred_at"): """
        SELECT site, order_id, o.occurred_at, k.occurred_at FROM order_keys k FULL JOIN orders o USING (site, order_id)
        WHERE k.occurred_at IS DISTINCT FROM o.occurred_at""",
    ("order_keys", "refunded"): """
        SELECT site, order_id, COALESCE(r.number, 0), COALESCE(k.refunded, 0) FROM order_keys k FULL JOIN (
            SELECT site, order_id, 1 AS number FROM refunds GROUP BY site, order_id
        ) r USING (site, order_id) WHERE COALESCE(k.refunded, 0) <> COALESCE(r.number, 0)""",
    ("payment_keys", "occurred_at"): """
        SELECT site, payment_key, p.occurred_at, k.occurred_at
        FROM payment_keys k FULL JOIN payments p USING (site, payment_key)
        WHERE k.occurred_at IS DISTINCT FROM p.occurred_at""",
    ("event_keys", "digest"): """
        SELECT e.site, e.source || '/' || e.id, 1, CASE WHEN k.site IS NULL THEN NULL ELSE 0 END
        FROM events e LEFT JOIN event_keys k ON k.site = e.site AND k.source = e.source AND k.id = e.id
        WHERE k.site IS NULL OR k.digest <> substring(sha256(convert_to(e.body, 'UTF8')) FOR 16)""",
}


def contradictions(connection: Connection) -> Iterator[Contradiction]:
    """Every row that another table contradicts, of all sites."""
    checks = dict(_EVERYWHERE)
    if connection.dialect.name == "postgresql":
        checks |= _WITH_PARTITIONS
    for (table, column), sql in checks.items():
        for site, key, expected, found in connection.exec_driver_sql(sql):
            yield site, table, (key,), column, _whole(expected), _whole(found)


def _whole(value: int | None) -> int | None:
    """PostgreSQL sums whole numbers as decimals."""
    return None if value is None else int(value)
