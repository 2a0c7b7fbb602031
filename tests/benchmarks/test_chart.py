"""Curves as SVG: well formed, within the picture, the same for the same figures."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chart import HEIGHT, WIDTH, chart

CURVES: dict[str, list[tuple[float, float]]] = {
    "first": [(10, 1.5), (100, 10.0), (1000, 130.0)],
    "second": [(10, 0.0), (100, 0.5), (1000, 0.6)],
}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(curves: dict[str, list[tuple[float, float]]]) -> ET.Element:
    return ET.fromstring(chart("Title", "across", "up", curves))  # noqa: S314 - it has just been written


def places(picture: ET.Element) -> list[tuple[float, float]]:
    return [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in picture.iter(f"{SVG}circle")]


def test_every_point_above_nothing_is_drawn_and_every_curve_named() -> None:
    picture = drawn(CURVES)
    assert len(places(picture)) == 5
    assert {"Title", "across", "up", "first", "second", "1,000"} <= {each.text for each in picture.iter(f"{SVG}text")}


def test_more_is_further_to_the_right_and_higher_up() -> None:
    first = places(drawn(CURVES))[:3]
    assert first == sorted(first)
    assert [y for _, y in first] == sorted((y for _, y in first), reverse=True)


@given(st.lists(st.tuples(st.floats(1, 1e5), st.floats(1e-3, 1e5)), min_size=1, max_size=9))
def test_all_of_it_is_on_the_picture(points: list[tuple[float, float]]) -> None:
    for x, y in places(drawn({"curve": points})):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_the_same_figures_give_the_same_text() -> None:
    assert chart("Title", "across", "up", CURVES) == chart("Title", "across", "up", dict(CURVES))
