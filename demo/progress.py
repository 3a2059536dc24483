"""How far the simulated past is in the store: a small file beside it, so that a restart goes on where it stopped."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

HISTORY = timedelta(days=56)


class Progress:
    """Everything simulated before `covered_until` is in the store `store`; without that file, nothing is."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_suffix(".progress.json")
        if not store.exists():
            self._path.unlink(missing_ok=True)

    def begin(self, now: datetime) -> datetime:
        """From when on there is something to post: eight weeks ago at most."""
        earliest = (now - HISTORY).replace(hour=0, minute=0, second=0, microsecond=0)
        covered = self.covered_until()
        return earliest if covered is None else max(earliest, min(covered, now))

    def covered_until(self) -> datetime | None:
        try:
            return datetime.fromisoformat(json.loads(self._path.read_text(encoding="utf-8"))["covered_until"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def cover(self, until: datetime) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({"covered_until": until.isoformat()}), encoding="utf-8")
        os.replace(draft, self._path)
