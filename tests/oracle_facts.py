"""What posted events come to, as a naive recount sees it: orders, lines, refunds, payments, actions."""

from collections import defaultdict, namedtuple
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

Fact = namedtuple("Fact", "site at dims measures order customer", defaults=(None, None))


def read(events, sites):
    """The first copy of each event (a resend, equal or not, changes nothing), by instant, id and source."""
    first = {}
    for event in events:
        flat = {"site": "main", **event["data"], **event, "at": datetime.fromisoformat(event["occurred_at"])}
        for name in {"id", "order_id", "staff_id", "customer_id", "transaction_id"} & flat.keys():
            flat[name] = None if flat[name] is None else str(flat[name])
        if flat["site"] in sites:
            first.setdefault((flat["site"], flat["source"], flat["id"]), flat)
    return sorted(first.values(), key=lambda e: (e["at"], e["id"], e["source"]))


def facts(known, sites):
    """What the events come to: the last of several corrections stands, cancellations book what is left."""
    orders = {(e["site"], e["order_id"]): e for e in known if e["type"] == "order_completed"}
    payments = {transaction(e): e for e in known if e["type"] == "payment_processed"}
    customers, cancels = set(), defaultdict(list)
    for e in sorted(orders.values(), key=lambda e: (e["at"], e["order_id"])):
        who = (e["site"], e.get("customer_id"))
        kind = "guest" if who[1] is None else "returning" if who in customers else "new"
        customers.add(who)
        yield from order_facts(e, kind, cent(sites[e["site"]]))
    for e in payments.values():
        taken = {"payments": 1, "payment_amount": Decimal(e["amount"]), "payments_ended": 1}
        outcomes = {"success": taken, "failed": {"payment_failures": 1, "payments_ended": 1}, "refunded": {}}
        yield Fact(e["site"], e["at"], {"payment_method": e["payment_method"]}, outcomes[e["status"]])
    for e in known:
        if e["type"] in ("staff_action", "customer_action", "system_event"):
            dims = {"staff": e.get("staff_id"), "action_type": e.get("action_type"), "severity": e.get("severity")}
            yield Fact(e["site"], e["at"], dims, {e["type"] + "s": 1})
        elif e["type"] == "order_cancelled":
            cancels[e["site"], e["order_id"]].append(e)
    for key, group in cancels.items():
        yield from refund_facts(orders.get(key), group)


def order_facts(e, kind, step):
    total, lines = Decimal(e["total_amount"]), e.get("items") or []
    size = "small" if total < 25 else "medium" if total < 50 else "large"
    dims = {**order_dims(e), "customer_type": kind, "order_size": size}
    quantities = [Decimal(str(line["quantity"])) for line in lines]
    items = sum(quantities) if lines else e["items_count"]
    extras = {name: Decimal(e.get(f"{name.removesuffix('s')}_amount") or 0) for name in ("discounts", "tax", "tips")}
    known_customer = {"customers": 1} if e.get("customer_id") else {}
    whole = {"orders": 1, "revenue": total, "net_revenue": total, "items_sold": items, **extras, **known_customer}
    yield Fact(e["site"], e["at"], dims, whole, e["order_id"], e.get("customer_id"))
    for line, quantity in zip(lines, quantities, strict=True):
        part = {"orders": 1, "revenue": line_amount(line, step), "items_sold": quantity}
        names = {"product": line["product"], "category": line.get("category")}
        yield Fact(e["site"], e["at"], dims | names, part, e["order_id"])
    beyond = {"revenue": total - sum(line_amount(line, step) for line in lines), "items_sold": 0 if lines else items}
    unallocated = {"product": "(unallocated)", "category": "(unallocated)"}
    yield Fact(e["site"], e["at"], dims | unallocated, {name: rest for name, rest in beyond.items() if rest})


def refund_facts(order, cancels):
    site, dims, explicit = cancels[0]["site"], order_dims(order or {}), Decimal(0)
    for e in [e for e in cancels if e.get("amount") is not None]:
        amount = Decimal(e["amount"])
        explicit += amount
        yield Fact(site, e["at"], dims, {"refunds": amount, "net_revenue": -amount})
    whole = [e["at"] for e in cancels if e.get("amount") is None]
    if order and whole:
        rest = max(Decimal(0), Decimal(order["total_amount"]) - explicit)
        yield Fact(site, min(whole), dims, {"refunds": rest, "net_revenue": -rest, "cancellations": 1})


def order_dims(e):
    return {"staff": e.get("staff_id"), "channel": e.get("channel"), "payment_method": e.get("payment_method")}


def transaction(e):
    """Payments are one for each transaction, refunded or not; without a transaction each is its own."""
    known = (e.get("transaction_id"), e["status"] == "refunded")
    return (e["site"], *(known if known[0] is not None else (e["source"], e["id"], "alone")))


def line_amount(line, step):
    if line.get("line_amount") is not None:
        return Decimal(line["line_amount"])
    return (Decimal(str(line["quantity"])) * Decimal(line["unit_price"])).quantize(step, ROUND_HALF_UP)


def cent(site):
    return Decimal(1).scaleb(-{"JPY": 0, "KWD": 3}.get(site["currency"], 2))
