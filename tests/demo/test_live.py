"""The simulated present, and going on where the last run stopped."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.__main__ import demo_environment, local_zone
from demo.live import LiveRestaurant
from demo.progress import HISTORY, Progress
from services.events.schemas import DATA, canonical, check
from settings import Settings

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 23, 19, 30, 5, tzinfo=ZONE)


def test_the_stream_is_valid_of_all_types_and_happens_now() -> None:
    restaurant = LiveRestaurant("L1", ZONE)
    events = [restaurant.next_event(NOW) for _ in range(3000)]
    for event in events:
        canonical(check(event))
    assert {event["occurred_at"] for event in events} == {NOW.isoformat()}
    types = Counter(event["type"] for event in events)
    assert set(types) == set(DATA)
    assert types["order_completed"] > 300
    assert len({event["id"] for event in events}) == len(events)


def test_two_runs_share_no_id_and_one_seed_gives_one_stream() -> None:
    first, again, other = (LiveRestaurant(run, ZONE) for run in ("L1", "L1", "L2"))
    stream = [first.next_event(NOW) for _ in range(200)]
    assert [again.next_event(NOW) for _ in range(200)] == stream
    assert not {event["id"] for event in stream} & {other.next_event(NOW)["id"] for _ in range(200)}


def test_events_come_one_to_three_seconds_apart() -> None:
    restaurant = LiveRestaurant("L1", ZONE)
    assert all(1 <= restaurant.pause() <= 3 for _ in range(100))


def test_a_new_store_gets_eight_weeks_and_a_known_one_only_what_is_missing(tmp_path: Path) -> None:
    store = tmp_path / "demo.sqlite3"
    progress = Progress(store)
    assert progress.begin(NOW) == (NOW - HISTORY).replace(hour=0, minute=0, second=0, microsecond=0)
    store.touch()
    progress.cover(NOW)
    later = NOW + timedelta(hours=5)
    assert Progress(store).begin(later) == NOW
    assert Progress(store).begin(NOW + timedelta(days=100)) > NOW + timedelta(days=40)
    assert Progress(store).begin(NOW - timedelta(hours=1)) == NOW - timedelta(hours=1)


def test_progress_of_a_store_that_is_gone_or_of_a_damaged_file_counts_for_nothing(tmp_path: Path) -> None:
    store = tmp_path / "demo.sqlite3"
    Progress(store).cover(NOW)
    assert Progress(store).covered_until() is None
    store.touch()
    Progress(store).cover(NOW)
    (tmp_path / "demo.progress.json").write_text("{")
    assert Progress(store).covered_until() is None


def test_the_demo_has_a_store_of_its_own_and_says_that_it_is_one() -> None:
    environ = demo_environment({"DATABASE_URL": "sqlite:///var/real.sqlite3", "PORT": "9000", "SITE_TZ": "Asia/Tokyo"})
    settings = Settings.from_environment(environ)
    assert settings.demo
    assert settings.database_url == "sqlite:///var/demo.sqlite3"
    assert (settings.port, settings.site_tz) == (9000, "Asia/Tokyo")


def test_the_zone_is_the_machines_or_utc() -> None:
    assert local_zone({"TZ": "Asia/Tokyo"}) == "Asia/Tokyo"
    assert datetime.now(ZoneInfo(local_zone({"TZ": ":odd"}))).astimezone(UTC) is not None
