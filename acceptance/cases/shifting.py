"""Cases 1, 2, 3 and 15: what is dropped is received, and shifts traffic by the shares that it says."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from math import sqrt

from acceptance.cases import limits
from acceptance.cases.configurations import ALL_AT_ONCE, LINEAR, LINEAR_SHARES, LONG, ROUTINGS, SHARE, SHORT
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import ALIAS, Stage, outcome
from acceptance.waiting import expect, until

THREADS = 20


def drops_are_received(stage: Stage) -> Answer:
    began = time.monotonic()
    missed = -1
    while time.monotonic() - began < limits.RECEIVED_SECONDS:
        missed += 1
        for name, routing in ROUTINGS.items():
            stage.put(f"deployment-configs/{name}.json", {"trafficRoutingConfig": routing})
        dropped = time.monotonic()
        while time.monotonic() - dropped < limits.AGAIN_SECONDS:
            if all(stage.item(f"CONFIG#{name}", "CONFIG") for name in ROUTINGS):
                took = time.monotonic() - began
                return held(f"after {took:.0f} s; {missed} drops before were not", seconds=took, missed_drops=missed)
            time.sleep(0.2)
    return failed(f"no drop was received in {limits.RECEIVED_SECONDS} s")


def group_and_file_together(stage: Stage) -> Answer:
    target = stage.other_version()
    began = time.monotonic()
    stage.put(f"{stage.name}/together/deployment-group.yaml", {"deploymentConfigName": ALL_AT_ONCE})
    deployment_id = stage.drop("together")
    until("the traffic on the new version", lambda: stage.routing() == (target, {}))
    shifted = time.monotonic() - began
    expect(outcome(stage.ended(deployment_id)), "Succeeded", "the deployment")
    ended = time.monotonic() - began
    return held(f"traffic moved {shifted:.1f} s after the drop, all over after {ended:.1f} s", shifted=shifted, ended=ended)


def weights_are_shares(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    (before, _), target = stage.routing(), stage.other_version()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    began = time.monotonic()
    until("the weights in GetAlias", lambda: stage.routing() == (before, {target: SHARE}))
    settled = time.monotonic() - began
    share = _versions_that_ran(stage)[target] / stage.requests
    stage.stop_all()
    stage.configure(deploymentConfigName=SHORT)
    expect(outcome(stage.ended(stage.drop())), "Succeeded", "the canary of a minute")
    expect(stage.routing(), (target, {}), "the alias after it")
    message = f"{100 * share:.1f} % of {stage.requests} requests, weights read after {settled:.1f} s"
    # Four standard deviations: by chance alone less than one in ten thousand runs is outside.
    if abs(share - SHARE) > 4 * sqrt(SHARE * (1 - SHARE) / stage.requests):
        return failed(message, share=share, requests=stage.requests)
    return held(message, share=share, requests=stage.requests, settled=settled)


def _versions_that_ran(stage: Stage) -> Counter[str]:
    """How many requests of the alias each version answered."""
    functions = stage.client("lambda")

    def invoked(_: int) -> str:
        return str(functions.invoke(FunctionName=stage.function, Qualifier=ALIAS)["ExecutedVersion"])

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(invoked, range(stage.requests)))


def provisioned_concurrency_moves_along(stage: Stage) -> Answer:
    functions, live = stage.client("lambda"), {"FunctionName": stage.function, "Qualifier": ALIAS}
    if _is_provisioned_with_weights(stage):
        return unanswered("here concurrency is said to be provisioned even for an alias with weights, which AWS refuses")
    functions.put_provisioned_concurrency_config(**live, ProvisionedConcurrentExecutions=1)
    try:
        until("the provisioned concurrency", lambda: _is_ready(stage))
        stage.configure(deploymentConfigName=LINEAR)
        began = time.monotonic()
        record = stage.ended(stage.drop(), limits.UPDATE_SECONDS)
        took = time.monotonic() - began
        expect(outcome(record), "Succeeded", "the deployment")
        shares = [float(entry["weight"]) for entry in record["timeline"] if entry["event"] == "TrafficShifted"]
        expect(shares, LINEAR_SHARES, "the steps")
    finally:
        functions.delete_provisioned_concurrency_config(**live)
    message = f"{len(shares)} steps in {took:.0f} s, of an alias with one unit of provisioned concurrency"
    return held(message, steps=len(shares), seconds=took)


def _is_provisioned_with_weights(stage: Stage) -> bool:
    """Whether the account provisions concurrency for an alias that AWS refuses it for: then it knows nothing about it."""
    functions, name = stage.client("lambda"), "weighted"
    weighted = {"AdditionalVersionWeights": {"2": 0.5}}
    functions.create_alias(FunctionName=stage.function, Name=name, FunctionVersion="1", RoutingConfig=weighted)
    try:
        functions.put_provisioned_concurrency_config(
            FunctionName=stage.function, Qualifier=name, ProvisionedConcurrentExecutions=1
        )
    except functions.exceptions.InvalidParameterValueException:
        return False
    finally:
        functions.delete_alias(FunctionName=stage.function, Name=name)
    return True


def _is_ready(stage: Stage) -> bool:
    answer = stage.client("lambda").get_provisioned_concurrency_config(FunctionName=stage.function, Qualifier=ALIAS)
    return bool(answer["Status"] == "READY")
