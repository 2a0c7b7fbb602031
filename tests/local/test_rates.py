"""An account that is throttled as AWS throttles one: stock clients meet AWS's own refusals, and the root meets none."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.cloud import LocalCloud, session
from local.rates import Bucket, Rates
from tests.local.workbench import Workbench

SLOW = 100.0
"""A second of AWS takes so long here that nothing is added to a bucket meanwhile."""
SOMEBODY = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}
SLEEPS = """
    import time
    def handler(event, context):
        began = time.time()
        time.sleep(0.2)
        return [began, time.time()]
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with LocalCloud(time_scale=SLOW, directory=tmp_path_factory.mktemp("busy"), limit_rates=True, workers=1) as cloud:
        yield Workbench(cloud)


def client(bench: Workbench, service: str) -> Any:
    """Somebody's client, which does not try again."""
    once = Config(retries={"total_max_attempts": 1}, proxies={})
    somebody: Any = session(SOMEBODY)
    return somebody.client(service, endpoint_url=bench.cloud.endpoint, config=once)


@given(st.lists(st.floats(0, 3), max_size=200), st.floats(1, 20))
def test_a_second_takes_its_rate_and_what_was_saved_up(gaps: list[float], rate: float) -> None:
    bucket, now, let = Bucket(rate), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if bucket.take(now):
            let.append(now)
    for first, began in enumerate(let):
        in_a_second = [at for at in let[first:] if at <= began + 1]
        assert len(in_a_second) <= 2 * rate + 1


def test_requests_are_let_through_again_in_time() -> None:
    bucket = Bucket(9)
    assert [bucket.take(0) for _ in range(10)] == [True] * 9 + [False]
    assert bucket.take(0.12)
    assert not bucket.take(0.13)


def test_executions_are_started_at_once_and_then_at_their_rate() -> None:
    rates = Rates()
    started = [rates.allow("sfn", "StartExecution", 0) for _ in range(1301)]
    assert started == [True] * 1300 + [False]
    assert sum(rates.allow("sfn", "StartExecution", 1) for _ in range(400)) == 300


def test_what_has_no_rate_is_always_let_through() -> None:
    rates = Rates()
    assert all(rates.allow("lambda", "Invoke", 0) and rates.allow("dynamodb", "PutItem", 0) for _ in range(100))
    assert rates.refused == 0


def test_the_control_plane_is_throttled_as_a_whole_and_invocations_are_not(busy: Workbench) -> None:
    name = busy.function("def handler(event, context):\n    return 1\n")
    functions = client(busy, "lambda")
    for _ in range(5):
        functions.list_functions()
        functions.get_function_configuration(FunctionName=name)
        functions.list_versions_by_function(FunctionName=name)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as refused:
        functions.list_functions()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert functions.get_function(FunctionName=name)["Configuration"]["FunctionName"] == name
    assert json.load(functions.invoke(FunctionName=name)["Payload"]) == 1
    assert busy.client("lambda").list_functions()["Functions"]


def test_reading_alarms_is_throttled_apart(busy: Workbench) -> None:
    alarms = client(busy, "cloudwatch")
    for _ in range(9):
        alarms.describe_alarms()
    with pytest.raises(ClientError) as refused:
        alarms.describe_alarms()
    assert refused.value.response["Error"]["Code"] == "Throttling"
    busy.client("cloudwatch").describe_alarms()


def test_invocations_of_a_function_wait_for_their_turn(busy: Workbench) -> None:
    name = busy.function(SLEEPS)

    def invoke(_: int) -> list[float]:
        return list(json.load(busy.client("lambda").invoke(FunctionName=name)["Payload"]))

    with ThreadPoolExecutor(3) as pool:
        times = sorted(pool.map(invoke, range(3)))
    assert all(ended <= began for (_, ended), (began, _) in pairwise(times))
