"""What Mantine's components are told to look like; the colours themselves are in assets/tokens.css."""

from __future__ import annotations

from typing import Any

FONT = "'Inter', system-ui, -apple-system, 'Segoe UI', sans-serif"

INDIGO = [
    "#eef1ff", "#dde3ff", "#bac6ff", "#94a7fd", "#7790fb", "#5b7cfa", "#4763e8", "#3a52c9", "#3145a5", "#2b3c85",
]  # fmt: skip

THEME: dict[str, Any] = {
    "fontFamily": FONT,
    "fontFamilyMonospace": "ui-monospace, 'JetBrains Mono', 'SF Mono', Menlo, Consolas, monospace",
    "headings": {"fontFamily": FONT, "fontWeight": "600"},
    "colors": {"indigo": INDIGO},
    "primaryColor": "indigo",
    "primaryShade": {"light": 6, "dark": 4},
    "defaultRadius": "md",
    "cursorType": "pointer",
}

CHOICES = (("light", "Light"), ("dark", "Dark"), ("auto", "Follow the system"))
