"""Invocations of a weighted alias, and the metrics of its versions."""

import json
from typing import Any

from tests.local.workbench import Workbench, closed, until

SOURCE = """
    import boto3, os
    def handler(event, context):
        version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        if event.get("queue"):
            boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=f'"{version}"')
        if event.get("fail"):
            raise ValueError(version)
        return [version, context.invoked_function_arn]
"""
CALLS = 40


def weighted(bench: Workbench, weight: float = 0.5) -> str:
    function = bench.function(SOURCE, versions=2)
    bench.client("lambda").create_alias(
        FunctionName=function,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
    )
    return function


def answers(bench: Workbench, function: str, calls: int = CALLS) -> list[tuple[str, list[str]]]:
    versions = []
    for _ in range(calls):
        answer = bench.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=b"{}")
        versions.append((answer["ExecutedVersion"], json.load(answer["Payload"])))
    return versions


def test_bare_emulator_runs_one_version(bare: Workbench) -> None:
    assert {version for version, _ in answers(bare, weighted(bare), calls=20)} == {"1"}, closed("weighted_aliases")


def test_weights_decide_each_request(filled: Workbench) -> None:
    function = weighted(filled)
    versions = answers(filled, function)
    # Forty fair draws stay within 5..35 with a probability of more than 0.999999.
    assert 5 <= sum(version == "2" for version, _ in versions) <= 35
    assert all(version == ran for version, (ran, _) in versions)
    assert {arn.rpartition(":")[2] for _, (_, arn) in versions} == {"live"}


def test_weights_decide_asynchronous_requests(filled: Workbench) -> None:
    function, queue = weighted(filled), filled.collector()
    drawn = [
        filled.client("lambda").invoke(
            FunctionName=f"{function}:live", InvocationType="Event", Payload=json.dumps({"queue": queue}).encode()
        )["ExecutedVersion"]
        for _ in range(12)
    ]
    ran: list[Any] = []

    def all_ran() -> bool:
        ran.extend(filled.collected(queue))
        return len(ran) == len(drawn)

    assert until(all_ran)
    assert sorted(ran) == sorted(drawn)


def test_weights_decide_tasks_of_a_state_machine(filled: Workbench) -> None:
    function = weighted(filled, weight=1)
    arn = f"arn:aws:lambda:{filled.cloud.region}:000000000000:function:{function}:live"
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": {}},
        "End": True,
    }
    assert json.loads(filled.ended(filled.start({"Try": task}, "Try"))["output"])["Payload"] == ["2", arn]


def dimensions(bench: Workbench, function: str, metric: str) -> list[dict[str, str]]:
    metrics = bench.client("cloudwatch").list_metrics(Namespace="AWS/Lambda", MetricName=metric)["Metrics"]
    sets = [{dimension["Name"]: dimension["Value"] for dimension in each["Dimensions"]} for each in metrics]
    return sorted((each for each in sets if each["FunctionName"] == function), key=len)


def test_bare_emulator_has_no_metrics_of_versions(bare: Workbench) -> None:
    function = weighted(bare, weight=0)
    answers(bare, function, calls=1)
    assert dimensions(bare, function, "Errors") == [{"FunctionName": function}], closed("weighted_aliases")


def total(bench: Workbench, metric: str, dimensions: dict[str, str]) -> float:
    points = bench.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime="2020-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def test_metrics_tell_versions_apart(filled: Workbench) -> None:
    function = weighted(filled, weight=1)
    functions = filled.client("lambda")
    functions.invoke(FunctionName=function, Qualifier="live", Payload=b'{"fail": true}')
    functions.invoke(FunctionName=function, Qualifier="1", Payload=b"{}")
    functions.invoke(FunctionName=function, Payload=b"{}")
    alias = {"FunctionName": function, "Resource": f"{function}:live"}
    for metric in ("Invocations", "Errors", "Duration", "Throttles"):
        assert dimensions(filled, function, metric)[0] == {"FunctionName": function}
        assert sorted(names["Resource"] for names in dimensions(filled, function, metric) if len(names) == 2) == [
            function,
            f"{function}:1",
            f"{function}:live",
        ]
        assert dimensions(filled, function, metric)[-1] == {**alias, "ExecutedVersion": "2"}
    assert total(filled, "Invocations", {"FunctionName": function}) == 3
    assert total(filled, "Errors", {"FunctionName": function}) == 1
    assert total(filled, "Errors", {**alias, "ExecutedVersion": "2"}) == 1
    assert total(filled, "Errors", {"FunctionName": function, "Resource": f"{function}:1"}) == 0


def test_throttled_invocation_counts_as_a_throttle_only(filled: Workbench) -> None:
    function = filled.function(SOURCE)
    filled.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": function}}
    assert filled.ended(filled.start({"Try": task | {"End": True}}, "Try"))["error"] == "Lambda.TooManyRequestsException"
    assert total(filled, "Throttles", {"FunctionName": function}) >= 1
    assert total(filled, "Invocations", {"FunctionName": function}) == 0
