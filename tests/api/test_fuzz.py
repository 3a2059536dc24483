"""Whatever is made up from the OpenAPI document, the real server answers as the document says, and never with 5xx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import Server

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_nothing_made_up_from_the_document_is_a_server_error(server: Server) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/analytics/openapi.json",
        "--header", f"Authorization: Bearer {server.key}", "--checks", CHECKS, "--phases", "fuzzing",
        "--max-examples", "15", "--seed", "20261123", "--exclude-path", "/analytics/realtime/dashboard", "--no-color",
    ]  # fmt: skip
    ended = subprocess.run(command, cwd=server.directory, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stdout[-6000:]
    assert "Traceback" not in server.log.read_text()
