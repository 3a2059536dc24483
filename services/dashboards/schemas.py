"""What a dashboard looks like: the schemas that REST, the screen and the store share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

COLUMNS = 12
MOST_WIDGETS = 60

WidgetId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00]*$")
]


class Position(BaseModel):
    """In cells of a grid of 12 columns, from the top left."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    x: int = Field(ge=0, lt=COLUMNS)
    y: int = Field(ge=0, le=10_000)
    w: int = Field(ge=1, le=COLUMNS)
    h: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _within_the_grid(self) -> Position:
        if self.x + self.w > COLUMNS:
            raise ValueError(f"x + w must be at most {COLUMNS}")
        return self


class WidgetSpec(BaseModel):
    """One widget on a dashboard; what its `config` may hold depends on its type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    widget_id: WidgetId
    widget_type: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    position: Position
    config: dict[str, Any] = Field(default_factory=dict)


class DashboardBody(BaseModel):
    """What is saved under one version."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name
    widgets: list[WidgetSpec] = Field(max_length=MOST_WIDGETS)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> DashboardBody:
        if len({widget.widget_id for widget in self.widgets}) < len(self.widgets):
            raise ValueError("widgets: two have the same widget_id")
        return self
