"""What all tables share: the catalogue of them that migrations are checked against."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
