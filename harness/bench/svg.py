"""A small SVG writer: a card with its own background, so that it can be read on a light page and on a dark one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

LIGHT = {"card": "#ffffff", "ink": "#1f2430", "soft": "#5b6472", "grid": "#dfe3e8"}
DARK = {"card": "#1e222b", "ink": "#e6e9ef", "soft": "#a3acba", "grid": "#3a414e"}
SERIES = (("#2563c9", "#7eaaf5"), ("#c2410c", "#f59a5d"), ("#0f7f5f", "#4cc9a0"), ("#7c3aad", "#c397ee"))
"""Colours on a light and on a dark card. The colour-blind can tell them apart, and each stands beside a name."""


def _colours(of: Mapping[str, str], dark: bool) -> str:
    """Classes rather than variables of CSS, which not every program that shows SVG knows."""
    series = [pair[dark] for pair in SERIES]
    return "".join(
        (
            f".card{{fill:{of['card']}}}text{{fill:{of['ink']}}}.soft{{fill:{of['soft']}}}.grid{{stroke:{of['grid']}}}",
            f".fair{{stroke:{of['soft']}}}",
            *(f".fill{n}{{fill:{each}}}.line{n}{{stroke:{each}}}" for n, each in enumerate(series)),
            *(f".ring{n}{{fill:{of['card']};stroke:{each}}}" for n, each in enumerate(series)),
        )
    )


STYLE = f"""
text {{ font-family: system-ui, "DejaVu Sans", sans-serif; font-size: 13px; }}
.title {{ font-size: 16px; font-weight: 600; }}
.head {{ font-weight: 600; }}
.soft {{ font-size: 12px; }}
.fair {{ stroke-width: 1.5; stroke-dasharray: 4 3; }}
{_colours(LIGHT, dark=False)}
@media (prefers-color-scheme: dark) {{ {_colours(DARK, dark=True)} }}
"""


@dataclass
class Drawing:
    """Shapes on a card of so many units; x goes right, y goes down."""

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def add(self, element: str, **attributes: object) -> None:
        """One shape; `_` in a name stands for `-`, and `class_` for `class`."""
        self.parts.append(f"<{element}{_written(attributes)}/>")

    def text(self, x: float, y: float, text: str, **attributes: object) -> None:
        placed = {"x": x, "y": y, **attributes}
        self.parts.append(f"<text{_written(placed)}>{escape(text)}</text>")

    def line(self, x1: float, y1: float, x2: float, y2: float, **attributes: object) -> None:
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)

    def __str__(self) -> str:
        card = f'<rect width="{self.width:g}" height="{self.height:g}" rx="8" class="card"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" role="img">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style>{card}\n" + "\n".join(self.parts) + "\n</svg>\n"
        )


def _written(attributes: Mapping[str, object]) -> str:
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    return "".join(f" {name}={quoteattr(_number(value))}" for name, value in pairs)


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
