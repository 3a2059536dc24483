"""CSV files as text, nothing guessed: `007` stays `007`, and an empty field is an empty text."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from services.errors import InvalidRequest


def header(path: Path) -> tuple[str, ...]:
    """The names of the columns."""
    return tuple(_read(path, nrows=0).columns)


def text_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """These columns of a plain or packed file (.xz, .gz, .bz2, .zip, by its name), every value as text.

    Errors: InvalidRequest for what is no CSV file, or lacks a column.
    """
    frame = _read(path)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InvalidRequest(f"{path} lacks the columns {', '.join(missing)}")
    return frame[list(columns)]


def _read(path: Path, **options: Any) -> pd.DataFrame:
    try:
        return _decoded(path, **options)
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror or error}") from error
    except (ValueError, lzma.LZMAError, EOFError) as error:
        raise InvalidRequest(f"{path} is not a CSV file: {error}") from error


def _decoded(path: Path, **options: Any) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", **options)
    except UnicodeDecodeError:  # from a spreadsheet of Windows
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="cp1252", **options)
    return frame
