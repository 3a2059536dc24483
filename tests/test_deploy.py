"""compose.yaml, Dockerfile and what lies in deploy/: nothing here starts a container, all that can be read is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import READERS, Settings
from tests.conftest import ROOT

COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = ("app", "worker")


def given() -> dict[str, str]:
    """What deploy/env.example says, its two empty values filled in as a stranger would."""
    lines = [line for line in (ROOT / "deploy/env.example").read_text().splitlines() if line and line[0] != "#"]
    values = dict(line.split("=", 1) for line in lines)
    return {**values, "SECRET_KEY": "0123456789abcdef" * 4, "POSTGRES_PASSWORD": "fedcba9876543210"}


def resolved(value: object, known: dict[str, str]) -> str:
    """Compose's ${NAME}, ${NAME:-default} and ${NAME:?message}."""

    def put(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if kind == ":?":
            assert known.get(name), rest
        return known.get(name) or (rest if kind == ":-" else "")

    return re.sub(r"\$\{([A-Z_]+)(:-|:\?)?([^}]*)\}", put, str(value))


def test_the_parts_that_a_stranger_needs_are_there() -> None:
    assert set(SERVICES) == {"app", "worker", "postgres", "redis", "nginx"}
    assert SERVICES["worker"]["command"] == ["python", "-m", "services.events"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]


@pytest.mark.parametrize("name", ["app", "postgres", "redis", "nginx"])
def test_whoever_waits_for_a_service_can_know_that_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_everything_starts_again_by_itself_and_after_what_it_stands_on(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        assert wanted == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", ["postgres", "redis", "nginx"])
def test_images_are_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-bookworm", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known_and_can_be_read_with_two_values_filled_in(name: str) -> None:
    environ = {key: resolved(value, given()) for key, value in SERVICES[name]["environment"].items()}
    assert environ.keys() <= READERS.keys()
    settings = Settings.from_environment(environ)
    assert settings.database_url == "postgresql://pulseboard:fedcba9876543210@postgres:5432/pulseboard"
    assert settings.redis_url == "redis://redis:6379/0"
    assert (settings.workers, settings.process_events) == ((2, "late") if name == "app" else (1, "always"))


def test_the_two_values_that_are_missing_are_asked_for() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    assert required == {"SECRET_KEY", "POSTGRES_PASSWORD"}
    empty = re.findall(r"^([A-Z_]+)=$", (ROOT / "deploy/env.example").read_text(), re.MULTILINE)
    assert required <= set(empty)


def test_every_value_of_the_example_is_used_and_every_used_one_is_in_it() -> None:
    assert set(re.findall(r"\$\{([A-Z_]+)", COMPOSE)) == given().keys()


def test_what_the_redis_forgets_first_is_the_cache() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-lru"


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert next(line for line in lines if line.startswith("FROM")) == "FROM python:3.11-slim-bookworm"
    assert next(line for line in lines if line.startswith("USER")) == "USER pulseboard"
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".*", "var", "tests"} <= set(ignored)
    for room in ("api", "services", "widgets", "pulseboard_hooks", "requirements.txt"):
        assert room not in ignored


def test_nginx_hands_on_what_the_servers_go_by_to_the_socket_as_well() -> None:
    """A header set in a location ends all that is inherited: each must say all of them."""
    text = re.sub(r"#.*", "", (ROOT / "deploy/nginx.conf").read_text())
    server = text[text.index("server {") :]
    inherited, socket = server.split("location = /analytics/realtime/dashboard")
    for part in (inherited, socket):
        for header in ("Host $http_host", "X-Forwarded-For $proxy_add", "X-Forwarded-Proto $forwarded_proto"):
            assert f"proxy_set_header {header}" in part
    assert "proxy_set_header Upgrade $http_upgrade;" in socket
    assert "gzip off;" in socket


def test_what_compose_mounts_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or Path(ROOT / source).is_file()
