"""Settings: read by name, refused by name, in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.access.bootstrap import secret_key
from services.errors import SettingError
from settings import READERS, Settings

ROOT = Path(__file__).resolve().parent.parent


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8050, 1)
    assert settings.database_url.startswith("sqlite:///var/")


def test_an_empty_value_is_as_good_as_none() -> None:
    assert Settings.from_environment({"REDIS_URL": "", "PORT": " "}) == Settings()


def test_every_field_has_a_key() -> None:
    assert sorted(field for field, _ in READERS.values()) == sorted(Settings.__dataclass_fields__)


GOOD = {
    "DATABASE_URL": "postgresql://pulse:secret@db/pulse",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "PORT": "9000",
    "WORKERS": "4",
    "CACHE_TTL_SECONDS": "1.5",
    "ALLOWED_ORIGINS": "https://a.example, https://B.example:8443/",
    "SITE_TZ": "America/New_York",
    "SITE_CURRENCY": "EUR",
    "SITE_DAY_STARTS_AT": "04:30",
    "PULSEBOARD_DEMO": "1",
}


def test_good_values_are_read_with_their_types() -> None:
    settings = Settings.from_environment(GOOD)
    assert (settings.port, settings.workers, settings.cache_ttl_seconds, settings.demo) == (9000, 4, 1.5, True)
    assert settings.allowed_origins == ("https://a.example", "https://b.example:8443")
    assert settings.site_day_starts_at == "04:30"


BAD = [
    ("DATABASE_URL", "mysql://db/pulse"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "not a url"),
    ("REDIS_URL", "127.0.0.1:6379"),
    ("SECRET_KEY", "short"),
    ("PORT", "http"),
    ("PORT", "70000"),
    ("PORT", "-1"),
    ("WORKERS", "0"),
    ("WORKERS", "2"),
    ("CACHE_TTL_SECONDS", "nan"),
    ("CACHE_MAX_MB", "64MB"),
    ("EVENT_QUEUE_SIZE", "1e3"),
    ("WEBSOCKET_MAX_CONNECTIONS", "10001"),
    ("WEBSOCKET_HEARTBEAT_SECONDS", "0"),
    ("ALLOWED_ORIGINS", "*"),
    ("ALLOWED_ORIGINS", "https://a.example/path"),
    ("SITE_TZ", "Mars/Olympus"),
    ("SITE_TZ", "../etc/passwd"),
    ("SITE_CURRENCY", "QQQ"),
    ("SITE_DAY_STARTS_AT", "24:00"),
    ("BOOTSTRAP_API_KEY", "two words"),
    ("PULSEBOARD_DEMO", "yes please"),
]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_bad_value_is_refused_by_its_key_in_one_line_without_the_value(key: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({key: value})
    assert caught.value.key == key
    assert caught.value.detail.startswith(f"{key}: ")
    assert "\n" not in caught.value.detail


def test_a_password_in_a_bad_database_url_is_not_repeated() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"DATABASE_URL": "mysql://pulse:hunter2@db/pulse"})
    assert "hunter2" not in caught.value.detail


@pytest.mark.parametrize(("key", "value"), [("PORT", "eighty"), ("WORKERS", "3"), ("SITE_TZ", "Nowhere")])
def test_a_bad_setting_ends_the_start_with_2_and_one_line(tmp_path: Path, key: str, value: str) -> None:
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path}/store.sqlite3", key: value}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith(f"{key}: ")
    assert not list(tmp_path.iterdir())


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/var/store.sqlite3")
    first = secret_key(settings)
    assert len(first) >= 32
    assert secret_key(settings) == first
    kept = tmp_path / "var" / "secret_key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


def test_a_secret_key_that_is_set_is_not_kept(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/store.sqlite3", secret_key="one of the operator's own")
    assert secret_key(settings) == "one of the operator's own"
    assert not list(tmp_path.iterdir())


def test_a_damaged_secret_key_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("oops")
    with pytest.raises(SettingError, match="SECRET_KEY"):
        secret_key(Settings(database_url=f"sqlite:///{tmp_path}/store.sqlite3"))
