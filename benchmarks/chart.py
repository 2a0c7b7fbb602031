"""Curves as SVG text: both axes are logarithmic, and the same figures give the same text."""

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 40, 50
COLOURS = ("#0b6e4f", "#c1440e", "#2a4d9b", "#7a2a8c", "#555555")
Points = Sequence[tuple[float, float]]


def chart(title: str, x_label: str, y_label: str, curves: Mapping[str, Points]) -> str:
    """A chart of curves by their names; points are (x, y), and those whose y is not above 0 are left out."""
    drawn = {name: [(x, y) for x, y in points if y > 0] for name, points in curves.items()}
    everything = [point for points in drawn.values() for point in points]
    across = _Axis([x for x, _ in everything], LEFT, WIDTH - RIGHT)
    up = _Axis([y for _, y in everything], HEIGHT - BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 22, title, "start", "bold"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label),
        f'<g transform="rotate(-90 16 {HEIGHT / 2:g})">{_text(16, HEIGHT / 2, y_label)}</g>',
    ]
    for mark in across.marks:
        x = across.place(mark)
        lines += [_line(x, TOP, x, HEIGHT - BOTTOM), _text(x, HEIGHT - BOTTOM + 18, f"{mark:,g}")]
    for mark in up.marks:
        y = up.place(mark)
        lines += [_line(LEFT, y, WIDTH - RIGHT, y), _text(LEFT - 8, y + 4, f"{mark:,g}", "end")]
    for place, (name, points) in enumerate(drawn.items()):
        lines += _curve(name, [(across.place(x), up.place(y)) for x, y in points], COLOURS[place % len(COLOURS)], place)
    return "\n".join([*lines, "</svg>", ""])


class _Axis:
    """From powers of ten that hold all values to places on the picture."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self._low, self._span = low, max(1, high - low)
        self._start, self._end = start, end
        self.marks = [10.0**power for power in range(low, low + self._span + 1)]

    def place(self, value: float) -> float:
        return round(self._start + (math.log10(value) - self._low) / self._span * (self._end - self._start), 1)


def _curve(name: str, places: Sequence[tuple[float, float]], colour: str, number: int) -> list[str]:
    path = " ".join(f"{x:g},{y:g}" for x, y in places)
    x, y = WIDTH - RIGHT + 15, TOP + 20 + 24 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:g}" cy="{y:g}" r="3.5" fill="{colour}"/>' for x, y in places),
        f'<rect x="{x:g}" y="{y - 10:g}" width="12" height="12" fill="{colour}"/>',
        _text(x + 18, y, name, "start"),
    ]


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle", weight: str = "normal") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>'
