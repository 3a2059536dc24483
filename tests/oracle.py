"""A naive recount: every figure from all the posted events, walked anew each time. It is slow and knows no other code.

Labels are the contract's (staff ids, None where missing); groups that no fact contributes to are absent.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle_facts import cent, facts, read
from tests.oracle_time import TIME_UNITS, bucket_ends, label

QUOTIENTS = {
    "average_order_value": ("revenue", "orders"),
    "items_per_order": ("items_sold", "orders"),
    "cancellation_rate": ("cancellations", "orders"),
    "payment_success_rate": ("payments", "payments_ended"),
}


def recount(events, sites, metric, group_by=(), period=None, filters=None):
    """{labels: value} at `sites` {id: {tz, currency, day_starts_at}}; `period` is (from, to), or one for each site."""
    periods = period if isinstance(period, dict) else dict.fromkeys(sites, period)
    filters, everything = dict(filters or {}), list(facts(read(events, sites), sites))
    if metric == "low_stock_items":
        return low_stock(read(events, sites), sites, group_by, periods, filters)
    if metric in ("new_customers", "returning_customers"):
        metric, filters["customer_type"] = "customers", [metric.removesuffix("_customers")]
    cells = defaultdict(lambda: defaultdict(dict), {} if group_by else {(): defaultdict(dict)})
    by_line = bool({"product", "category"} & {*group_by, *filters})
    for number, fact in enumerate(everything):
        wanted = fact.measures.keys() & {*QUOTIENTS.get(metric, (metric,))}
        if not wanted or not inside(fact, periods) or by_line != ("product" in fact.dims):
            continue
        when = {unit: label(unit, fact.at, sites[fact.site]) for unit in group_by if unit in TIME_UNITS}
        dims = {**fact.dims, **when}
        if metric == "customers":  # new: their first order at the sites asked lies in the range, and in this bucket
            first = min((f for f in everything if f.customer == fact.customer), key=lambda f: (f.at, f.order, f.site))
            lies_here = inside(first, periods) and all(label(u, first.at, sites[first.site]) == when[u] for u in when)
            dims["customer_type"] = "new" if lies_here else "returning"
        if all(dims[name] in allowed for name, allowed in filters.items()):
            for measure in wanted:
                key = {"orders": (fact.site, fact.order), "customers": fact.customer}.get(measure, number)
                cells[tuple(dims[name] for name in group_by)][measure][key] = fact.measures[measure]
    return {labels: value(metric, cell, sites) for labels, cell in cells.items()}


def value(metric, cell, sites):
    total, divisor = (sum(cell[name].values()) for name in QUOTIENTS.get(metric, (metric, "nothing")))
    if metric not in QUOTIENTS:
        return total
    step = cent(next(iter(sites.values()))) if metric == "average_order_value" else Decimal("0.0001")
    return (Decimal(total) / divisor).quantize(step, ROUND_HALF_UP) if divisor else None


def low_stock(known, sites, group_by, periods, filters):
    """The state at the end of each bucket, which is the end of its last minute in the period."""
    cells = defaultdict(int, {} if group_by else {(): 0})
    for site, (start, end) in periods.items():
        units = [unit for unit in group_by if unit in TIME_UNITS]
        for when, until in (bucket_ends(units, start, end, sites[site]) if units else {(): end}).items():
            stock = defaultdict(dict)
            for e in known:
                if e["type"] == "inventory_updated" and e["site"] == site and e["at"] < until:
                    stock[e["product"]].update({k: v for k, v in e["data"].items() if v is not None})
            for product in stock.keys() & {*filters.get("product", stock)}:
                quantity, level = stock[product]["quantity"], stock[product].get("reorder_level", "-Infinity")
                if Decimal(str(quantity)) <= Decimal(str(level)):
                    dims = {**dict(zip(units, when, strict=True)), "product": product}
                    cells[tuple(dims[name] for name in group_by)] += 1
    return dict(cells)


def inside(fact, periods):
    return periods[fact.site][0] <= fact.at < periods[fact.site][1]
