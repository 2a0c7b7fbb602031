"""docs/performance.md, made of results.json and nothing else; its tables are what the command prints."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from benchmarks import budgets
from benchmarks.chart import chart
from benchmarks.cold_start import TARGETS
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


# ------------------------------------------------------------------------------------------------------ how far it scales

QUOTAS = {
    "transitions": ("state transitions", 5000),
    "starts": ("StartExecution", 300),
    "writes": ("table write units", 4000),
    "reads": ("table read units", 12000),
    "events": ("PutEvents", 10000),
}
"""What has a rate that the simulation measures against: what AWS takes of an account in a second, in us-east-1."""


def _scale(figures: Figures) -> Iterator[str | Table]:
    loads = figures["loads"]
    yield (
        "Canaries of a minute, each of an alias, a group and an alarm of its own, dropped at once or evenly over an hour. Every tenth has its alarm fire 20 seconds after its "
        "first share. Lambda's control plane refuses more than 15 calls a second of all together, DescribeAlarms 9, StartExecution 300 (after 1,300 at once); 1,000 "
        "functions may run at a time, of which the stack reserves what `make deploy` recommends. Calls that AWS refuses are tried again by the real "
        "clients and the real definition, in virtual time, in which "
        + ", ".join(f"a {what} takes {1000 * seconds:.0f} ms" for what, seconds in figures["assumedSeconds"].items())
        + " beside the calls that it makes; that is assumed."
    )
    yield Table(
        "Deployments, and what became of them",
        (
            "Deployments",
            "Failed",
            "Calls refused",
            "First shift, s",
            "Next shift late, s",
            "Traffic back after an alarm, s",
            "All ended after, s",
            "Calls / 15, s",
        ),
        [_load(load) for load in loads],
    )
    yield (
        "Seconds are median / 95th percentile / greatest. The first shift counts from the drop; the next one is late by so much beyond its minute. At best all "
        f"would have ended after that minute and the time that the calls of the control plane take at 15 a second, the last column. Where more is asked of "
        f"it than it takes, deployments begin later and bake longer than planned; an alarm ends a bake all the same. {_failures(loads)}"
    )
    if len(_together(loads)) > 1:
        yield f"![Seconds over the number of deployments that begin together]({CHART})"
    largest = max(loads, key=lambda load: (load["deployments"], -load["spreadSeconds"]))
    yield Table(
        f"The most in a second, of {largest['deployments']:,} deployments that begin together",
        ("What has a rate", "Most", "AWS takes"),
        [(name, f"{largest['mostInASecond'][use]:,.0f}", f"{quota:,}") for use, (name, quota) in QUOTAS.items()],
    )
    yield (
        f"In the simulation none of these is limited but StartExecution. It took {largest['realSeconds']:,} s and {largest['mebibytes']:,} MiB to simulate "
        f"{largest['deployments']:,} deployments at once; ten times as many would take more than ten minutes and are not simulated. "
        "Rates are those of the quotas pages of "
        "[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), "
        "[CloudWatch](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html), "
        "[Step Functions](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html) and "
        "[EventBridge](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html), and of what DynamoDB takes of a "
        "[new table on demand](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html), all as of November 2026."
    )
    if figures["localCloud"]:
        pairs = zip(figures["simulated"], figures["localCloud"], strict=True)
        yield Table(
            "The simulation against the local cloud, by the load of `make verify`",
            (
                "Deployments",
                "First shift, simulated, s",
                "on the local cloud, s",
                "Traffic back, simulated, s",
                "on the local cloud, s",
                "What did not hold",
            ),
            [
                (
                    f"{simulated['deployments']:,}",
                    *(_spread(each[name]) for name in ("firstShift", "trafficBack") for each in (simulated, local)),
                    str(len(simulated["wrong"]) + len(local["wrong"])),
                )
                for simulated, local in pairs
            ],
        )
        scales = sorted({f"{local['timeScale']:g}" for local in figures["localCloud"]})
        yield (
            "There every function is a process of this machine, by its own role, and calls are refused at the same rates. All of them share its processors, and "
            f"the first invocations start processes, so a second of AWS takes {' or '.join(scales)} there. Alarms fire as soon as the first share of their "
            "deployment has moved, while others still wait for theirs."
        )


CHART = "performance-scale.svg"


def pictures(results: Figures) -> dict[str, str]:
    """The pictures of the page, by the names of their files."""
    loads = results["scale"]["figures"]["loads"] if "scale" in results else []
    together = _together(loads)
    if len(together) <= 1:  # that is no curve
        return {}

    def curve(value: Callable[[Figures], float]) -> list[tuple[float, float]]:
        return [(load["deployments"], value(load)) for load in together]

    curves = {
        "all have ended": curve(lambda load: float(load["makespan"])),
        "calls / 15": curve(lambda load: float(load["atTheRate"])),
        "first shift, 95 %": curve(lambda load: float(load["firstShift"]["p95"])),
        "next shift late, 95 %": curve(lambda load: float(load["stepLate"]["p95"])),
        "traffic back, greatest": curve(lambda load: float(load["trafficBack"]["max"])),
    }
    return {CHART: chart("Deployments that begin together", "deployments", "seconds", curves)}


def _together(loads: Sequence[Figures]) -> list[Figures]:
    """Those whose deployments begin at once, from the smallest."""
    return sorted((load for load in loads if load["spreadSeconds"] == 0), key=lambda load: int(load["deployments"]))


def _failures(loads: Sequence[Figures]) -> str:
    failed = Counter[str]()
    for load in loads:
        failed.update(load["failed"])
    if not failed:
        return "No deployment failed for being throttled, nor for anything else."
    return (
        "Deployments ended otherwise than they should have: " + ", ".join(f"{how} {n}" for how, n in failed.items()) + "."
    )


def _load(load: Figures) -> list[str]:
    how = "at once" if load["spreadSeconds"] == 0 else f"over {load['spreadSeconds'] / 60:.0f} minutes"
    return [
        f"{load['deployments']:,} {how}",
        str(sum(load["failed"].values())),
        f"{load['throttled']:,}",
        *(_spread(load[name]) for name in ("firstShift", "stepLate", "trafficBack")),
        f"{load['makespan']:,.0f}",
        f"{load['atTheRate']:,.0f}",
    ]


def _spread(spread: Figures) -> str:
    if spread["of"] == 0:
        return "-"
    return " / ".join(f"{spread[name]:,.{0 if spread[name] >= FINE else 2}f}" for name in ("p50", "p95", "max"))


FINE = 10
"""Seconds from which hundredths are of no interest."""


# ----------------------------------------------------------------------------------------------------- how fast it reacts


def _reaction(figures: Figures) -> Iterator[str | Table]:
    warm, cold, polling = figures["warm"], figures["cold"], figures["polling"]
    yield (
        "On the local cloud, in real time and from outside: the alias is read every five milliseconds while one thing at a time is measured. `Cold` "
        "has the functions on the way start anew: Interrupt and ShiftTraffic on the way back; Receive, Validate, CheckAlarms and ShiftTraffic after a drop. "
        "A process that starts here unpacks the code and the layer first. "
        f"Alarms and stops come at {_percent(warm['phases'])} of the bake where functions are warm, at {_percent(cold['phases'])} where they are cold. "
        "The polling design waits, reads its alarm and waits again, as workflows of that kind do; its alarms come evenly over an interval. It has one warm "
        "function, which notes when it has put traffic back."
    )
    rows = [
        (f"{name}, {state}", *_reactions(measured[kind]))
        for kind, name in (
            ("alarm", "alarm to all traffic back"),
            ("stop", "stop request to all traffic back"),
            ("drop", "drop to the first shift"),
        )
        for state, measured in (("warm", warm), ("cold", cold))
    ]
    rows += [
        (f"alarm to all traffic back, polling every {seconds} s", *_reactions(spread))
        for seconds, spread in polling.items()
    ]
    yield Table("Seconds", ("From and to", "Median", "95th percentile", "Greatest", "Samples"), rows)
    yield Table(
        "Alarm to all traffic back, against Weighbridge with warm functions",
        ("Design", "Median", "95th percentile"),
        [
            (name, *(f"{spread[part] / warm['alarm'][part]:.1f}" for part in ("p50", "p95")))
            for name, spread in [
                ("Weighbridge, cold", cold["alarm"]),
                *((f"polling every {seconds} s", spread) for seconds, spread in polling.items()),
            ]
        ],
    )


def _reactions(spread: Figures) -> list[str]:
    return [*(f"{spread[name]:.2f}" for name in ("p50", "p95", "max")), str(spread["of"])]


def _percent(phases: Sequence[float]) -> str:
    return f"{100 * phases[0]:.0f} to {100 * phases[1]:.0f} %"


# ------------------------------------------------------------------------------------------------------------- cold start


def _cold_start(figures: Figures) -> Iterator[str | Table]:
    yield (
        "Import of a handler and a client, in fresh interpreters, against `import boto3` and a client in the same round; CPU time, the median of "
        f"{figures['rounds']} rounds and between which half of them lie."
    )
    kinds = [("with_bytecode", "with bytecode"), ("without_bytecode", "without")]
    yield Table(
        "Cold start, as a multiple of the floor",
        ("Handler", *(heading for _, heading in kinds), "at most, as it ships"),
        [
            (handler, *(_ratio(figures[kind][handler]) for kind, _ in kinds), str(TARGETS.get(handler, "")))
            for handler in sorted(figures["with_bytecode"])
        ],
    )
    yield f"`weighbridge --help` takes {_ratio(figures['command'])} of the CPU time of `import boto3`, which it does without."
    yield Table(
        "What is uploaded",
        ("Package", "Files", "Bytes", "Bytes, compressed"),
        [
            (name, *(f"{package[part]:,}" for part in ("files", "bytes", "compressed_bytes")))
            for name, package in figures["packages"].items()
        ],
    )


def _ratio(ratio: Figures) -> str:
    return f"{ratio['median']:.2f} ({ratio['lower']:.2f}-{ratio['upper']:.2f})"


# ------------------------------------------------------------------------------------------------------------ sections

_SECTIONS: dict[str, tuple[str, Callable[[Figures], Iterator[str | Table]]]] = {
    "cost": ("What it costs", _cost),
    "scale": ("How far it scales", _scale),
    "reaction": ("How fast it reacts", _reaction),
    "coldStart": ("Cold start", _cold_start),
}
