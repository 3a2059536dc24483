"""What the server does with each frame that a client sends."""

from __future__ import annotations

from services.access.scope import Permission
from services.errors import Forbidden, InvalidRequest, PulseboardError
from services.realtime import messages
from services.realtime.changes import Change
from services.realtime.connection import Connection
from services.realtime.hub import POLICY, Hub
from services.realtime.topics import permitted


def hear(hub: Hub, client: Connection, text: str) -> None:
    """Answer one frame; what is wrong with it is told to the client and to nobody else."""
    moment = hub.monotonic()
    client.spoke_at = moment
    if not client.allowance.take(moment):
        _complain(client, "throttled", "too many messages")
        client.transport.close(POLICY, "too many messages")
        return
    try:
        _answer(hub, client, messages.parse(text))
    except (InvalidRequest, Forbidden) as error:
        _complain(client, error.code, _detail(error))


def _answer(hub: Hub, client: Connection, frame: messages.Inbound) -> None:
    match frame:
        case messages.Subscribe():
            _subscribe(hub, client, frame.data)
        case messages.Unsubscribe():
            with hub.changing(client):
                client.withdraw(frame.data)
            _confirm(hub, client)
        case messages.GetCurrentData():
            _say_everything(hub, client)
        case messages.Heartbeat():
            pass  # having spoken is what it is for


def _subscribe(hub: Hub, client: Connection, asked: messages.Subscription) -> None:
    """Subscribe, and hand over what was missed since the client's last position."""
    if asked.subscription_type == "metrics":
        client.scope.require(Permission.ACCESS_REALTIME)
    with hub.changing(client) as history:
        refused = client.wish(asked)
        since = asked.since
        recovered = since is not None and history.knows(since.epoch, since.seq)
        missed = history.since(since.seq, client.would_hear) if since and recovered else None
    _confirm(hub, client, recovered=recovered)
    if missed:
        hub.owe(client, missed)
    if refused:
        raise Forbidden(f"not allowed: {', '.join(refused[:5])}")


def _confirm(hub: Hub, client: Connection, recovered: bool | None = None) -> None:
    data = {**hub.position(), "subscriptions": client.describe()["subscriptions"]}
    client.say("subscription_confirm", data if recovered is None else data | {"recovered": recovered})


def _say_everything(hub: Hub, client: Connection) -> None:
    """Values to those who subscribed to values; to the others, that they are to read everything they show."""
    if not client.wishes:
        raise InvalidRequest("subscribe first", pointer="/type")
    dashboard, metrics = client.wishes.get("dashboard"), client.wishes.get("metrics")
    if metrics:
        hub.tell_values(client, frozenset(name for name in metrics.patterns if permitted(name, client.scope)))
    elif dashboard:
        hub.owe(client, Change(frozenset(dashboard.patterns), None, "cache"))


def _complain(client: Connection, code: str, detail: str) -> None:
    client.say("error", {"code": code, "detail": detail})


def _detail(error: PulseboardError) -> str:
    return f"{error.pointer}: {error.detail}" if error.pointer else error.detail
