"""What an empty store begins with: the site `main`, the user `admin` and one key with all permissions."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import make_url

from services.access.accounts import Accounts
from services.access.keys import Keys
from services.access.scope import Permission
from services.access.tokens import new_token
from services.errors import SettingError
from settings import Settings


class SavesSites(Protocol):
    def save(self, site_id: str, *, name: str, tz: str, currency: str, day_starts_at: str) -> object: ...


def bootstrap(settings: Settings, *, accounts: Accounts, keys: Keys, sites: SavesSites) -> list[str]:
    """Fills the store while it has no user; afterwards its settings count no more.

    The user comes last, so that a start that was cut short is done again from the beginning.
    Returns lines that must be shown once: the secrets that were made here and are kept only as hashes.
    """
    if accounts.any():
        return []
    sites.save(
        "main",
        name="Main",
        tz=settings.site_tz,
        currency=settings.site_currency,
        day_starts_at=settings.site_day_starts_at,
    )
    token, _ = keys.create("bootstrap", list(Permission), token=settings.bootstrap_api_key)
    password = settings.bootstrap_admin_password or secrets.token_urlsafe(12)
    accounts.create("admin", password, "admin")
    shown = []
    if settings.bootstrap_admin_password is None:
        shown.append(f"user admin, password {password}")
    if settings.bootstrap_api_key is None:
        shown.append(f"API key {token}")
    return shown


def secret_key(settings: Settings) -> str:
    """SECRET_KEY, or the one made at the first start and kept beside the store, for its owner's eyes alone.

    Errors: SettingError where it can be neither read nor kept.
    """
    if settings.secret_key is not None:
        return settings.secret_key
    path = _beside_the_store(settings.database_url) / "secret_key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                _write_new(path, new_token())
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError("SECRET_KEY", "is not set, and none can be kept beside the store") from error
    if len(kept) < 16:
        raise SettingError("SECRET_KEY", "the one kept beside the store is damaged; set another")
    return kept


def _beside_the_store(database_url: str) -> Path:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).resolve().parent
    return Path("var").resolve()


def _write_new(path: Path, text: str) -> None:
    """Written whole under another name first: two servers that start at once agree on one, and none is ever half."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
