"""docs/performance.md, made of results.json and nothing else; its tables are what the command prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from benchmarks import budgets
from benchmarks.prices import BILLED_SECONDS, MEMORY, PRICES, dollars, quantities

Figures = Mapping[str, Any]
SAMPLE = "https://github.com/aws-samples/aws-lambda-deploy"
WIDTH = 150
INTRODUCTION = (
    "What a deployment costs, how fast it reacts and how far it scales. `make bench` measures all of it, on any machine and "
    "without an AWS account, and writes this page; `python -m benchmarks --show` prints its tables from the figures that are kept, "
    "`benchmarks/results.json`. What is counted is the same everywhere, and `tests/benchmarks/test_budgets.py` holds it; "
    "seconds are those of the machine that is named, so read how one compares with another beside it."
)


@dataclass(frozen=True)
class Table:
    """The first column is text, all others are figures."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        """As Markdown."""
        lines = [self.headings, ["---", *["---:" for _ in self.headings[1:]]], *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])


@dataclass(frozen=True)
class Section:
    """`parts` are paragraphs and tables, in order."""

    title: str
    parts: Sequence[str | Table]

    @property
    def tables(self) -> list[Table]:
        return [part for part in self.parts if isinstance(part, Table)]

    def __str__(self) -> str:
        return "\n\n".join([f"## {self.title}", *(_wrapped(part) for part in self.parts)])


def page(results: Figures) -> str:
    """The page in Markdown."""
    return "\n\n".join(["# Performance", _wrapped(INTRODUCTION), *(str(section) for section in sections(results))]) + "\n"


def _wrapped(part: str | Table) -> str:
    if isinstance(part, Table):
        return str(part)
    return fill(part, WIDTH, break_long_words=False, break_on_hyphens=False)


def sections(results: Figures) -> list[Section]:
    """Of everything that was measured."""
    return [
        Section(title, [*parts(results[name]["figures"]), _run(results[name]["run"])])
        for name, (title, parts) in _SECTIONS.items()
        if name in results
    ]


def _run(run: Figures) -> str:
    """Where and when a part was measured."""
    return (
        f"Measured on {run['day']} about commit {run['commit']}, in {run['minutes']} minutes, on {run['cores']} cores "
        f"({run['processor']}) with {run['memoryGiB']} GiB, {run['system']}, Python {run['python']}."
    )


# ------------------------------------------------------------------------------------------------------- what it costs


def _cost(figures: Figures) -> Iterator[str | Table]:
    counts, fits = figures["counts"], figures["fits"]
    yield (
        "Counted in the simulation of `verify`, where the real definition and handlers run in virtual time, while nothing goes "
        "wrong and so nothing is tried again. With an alarm one is watched, with hooks there are two. History events are counted "
        "by the types that Step Functions' API reference has. Steps are shifts, the last of which moves all traffic."
    )
    headings = (
        "Deployment",
        "Transitions",
        "History events",
        "Lambda invocations",
        "AWS calls",
        "Record bytes",
        "Dollars per 1,000",
    )
    yield Table("A deployment", headings, [_row(count) for count in counts])
    yield Table(
        "The line a + b x steps through linear deployments with an alarm",
        ("Figure", "a", "b for each step", "farthest from it"),
        [(name, *(_number(line[part]) for part in ("a", "b", "off"))) for name, line in fits.items()],
    )
    yield from _budgets(figures)
    ten = _named(counts, "linear, 10 steps")
    yield Table(
        "Calls of AWS of ten linear steps with an alarm",
        ("Service and action", "Calls"),
        [(call, f"{number:,}") for call, number in ten["calls"].items()],
    )
    yield from _money(counts)
    yield from _waiting(counts)


def _row(count: Figures) -> list[str]:
    extras = [name for name in ("hooks", "alarm") if count[name]]
    figures = [
        count["transitions"],
        count["history_events"],
        sum(count["invocations"].values()),
        sum(count["calls"].values()),
        count["record_bytes"],
    ]
    return [
        f"{count['name']}{', with ' + ' and '.join(extras) if extras else ''}",
        *(f"{figure:,}" for figure in figures),
        f"{1000 * sum(count['dollars'].values()):.2f}",
    ]


def _named(counts: Sequence[Figures], name: str) -> Figures:
    """What a deployment with an alarm and without hooks took."""
    [count] = [count for count in counts if count["name"] == name and count["alarm"] and not count["hooks"]]
    return count


def _budgets(figures: Figures) -> Iterator[str | Table]:
    counts, fits = figures["counts"], figures["fits"]
    reads = {
        hooks: max(each["control_plane"]["reads"] for each in counts if each["hooks"] == hooks) for hooks in (False, True)
    }
    yield Table(
        "Budgets",
        ("At most", "Budget", "Counted"),
        [
            ("state transitions a step", str(budgets.TRANSITIONS_A_STEP), _number(fits["transitions"]["b"])),
            (
                "writes of Lambda's control plane a step",
                str(budgets.WRITES_A_STEP),
                _number(fits["control-plane writes"]["b"]),
            ),
            ("reads of Lambda's control plane a deployment", str(budgets.READS), str(reads[False])),
            ("the same with two hooks", str(budgets.READS), str(reads[True])),
            ("bytes of the record with 99 shares", f"{budgets.RECORD_BYTES:,}", f"{budgets.largest_record(figures):,.0f}"),
        ],
    )
    yield (
        "Two hooks take one read more than the budget: whether each is Active is asked before any traffic moves, so that one that "
        "is not is waited for, and one that has failed ends the deployment while nothing has been touched "
        "([decision 64](decisions/0064-hooks-are-read-beforehand.md))."
    )


def _money(counts: Sequence[Figures]) -> Iterator[str | Table]:
    ten, steps = _named(counts, "linear, 10 steps"), 10
    mine, other = ten["dollars"], dollars(sample(steps))
    rows = [
        (name, *(f"{1000 * costs.get(name, 0):.4f}" for costs in (mine, other)), "0")
        for name in PRICES
        if name in mine or name in other
    ]
    rows.append(("all", *(f"{1000 * sum(costs.values()):.4f}" for costs in (mine, other)), "0"))
    yield Table(
        f"Dollars for 1,000 linear deployments of {steps} steps",
        ("Charged for", "Weighbridge", "aws-lambda-deploy", "CodeDeploy"),
        rows,
    )
    yield (
        f"CodeDeploy charges nothing for Lambda. The closest public sample, [aws-lambda-deploy]({SAMPLE}) (its definition of "
        "commit `6ac536c`), takes 5N + 2 transitions, 2N + 2 invocations and N readings of a metric for N steps; it keeps no "
        "record, notifies nobody and notices errors at the end of a step. An invocation is taken for "
        f"{BILLED_SECONDS} s of {MEMORY:g} GB in both, which is assumed. Each of Weighbridge's is traced, at most; the sample's are "
        "not. Left out are writes of the table's indexes (a dozen units a deployment), the state machine's own log, and the "
        "metric `DeploymentsSucceeded`, $0.0004 for each hour in which it is written."
    )
    yield Table(
        "Prices in us-east-1, outside of the free tier",
        ("Unit", "Dollars for a million", "Page", "How it is known"),
        [(name, f"{price.dollars * 1e6:,.4g}", price.page, price.known) for name, price in PRICES.items()],
    )


def sample(steps: int) -> dict[str, float]:
    """What a deployment of so many steps takes with aws-samples/aws-lambda-deploy, by its definition and functions."""
    calls = {"cloudwatch GetMetricStatistics": steps}
    return {
        name: amount
        for name, amount in quantities(calls, transitions=5 * steps + 2, invocations=2 * steps + 2).items()
        if name != "trace"
    }


def _waiting(counts: list[dict[str, Any]]) -> Iterator[str | Table]:
    _, long = budgets.waiting(counts)
    hours = long["waited"] / 3600
    calls = dollars(
        quantities(long["scheduled_calls"], transitions=0, invocations=sum(long["scheduled_invocations"].values()))
    )
    yield (
        f"Nothing of a deployment grows with the time that it waits: a canary of {hours:.0f} hours takes exactly what one of five "
        "minutes does. While anything is open, the schedule runs every five minutes, for all deployments together; in these "
        f"{hours:.0f} hours that is {sum(long['scheduled_invocations'].values())} invocations and "
        f"{sum(long['scheduled_calls'].values()):,} calls, ${sum(calls.values()) / hours:.5f} an hour. Of these calls each open "
        "deployment adds one DescribeExecution and one GetItem every five minutes."
    )


def _number(value: float) -> str:
    """A figure of a line: whole where it is."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-4 else f"{value:,.1f}"  # noqa: PLR2004 - rounded further


# ------------------------------------------------------------------------------------------------------------ sections

_SECTIONS: dict[str, tuple[str, Callable[[Figures], Iterator[str | Table]]]] = {
    "cost": ("What it costs", _cost),
}
