"""Schema changes, one file each in versions/, applied in order at start (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from services.storage.engine import Store


def upgrade(store: Store) -> None:
    """Brings the store's tables to the newest version; nothing happens where they are."""
    with store.writing() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revisions() -> frozenset[str]:
    """The versions that a store may have for us to bring it to the newest."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
