"""Cases 9, 11 and 12: what fails for a while is notified, and heals."""

import time

from acceptance.cases import limits
from acceptance.cases.configurations import ALL_AT_ONCE, LONG, STOPPED
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import Stage, outcome
from acceptance.waiting import NotSo, expect, until

NO_RIGHTS = "here nobody looks at rights"


def a_rollback_without_rights_is_held_up_and_heals(stage: Stage) -> Answer:
    if not stage.looks_at_rights():
        return unanswered(NO_RIGHTS)
    stage.configure(deploymentConfigName=LONG)
    before, _ = stage.routing()
    deployment_id = stage.drop()
    rollback_id = stage.baking(deployment_id)["plan"]["rollbackDeploymentId"]
    with stage.denied(("ShiftTraffic", "Reconcile"), "lambda:UpdateAlias"):
        began = time.monotonic()
        stage.send("Deployment Stop Requested", {"deploymentId": deployment_id})
        stage.noticed(rollback_id, "Deployment Rollback Held Up", limits.SCHEDULE_SECONDS)
        notified_after = time.monotonic() - began
        if "heldUp" not in (stage.record(rollback_id) or {}):
            return failed("notified, but the record does not say what holds it up")
        try:
            until("the alarm RollbacksHeldUp", lambda: stage.is_firing("RollbacksHeldUp"), limits.ALARM_SECONDS)
        except NotSo:
            if stage.counts():
                raise
            alarmed = None
        else:
            alarmed = time.monotonic() - began
        if stage.routing() == (before, {}):
            return failed("traffic is back although nobody may put it back")
    healed = stage.seconds_until_back(before, limits.SCHEDULE_SECONDS)
    expect(outcome(stage.ended(deployment_id, limits.SCHEDULE_SECONDS)), STOPPED, "the deployment")
    said = f"notified after {notified_after:.1f} s, healed {healed:.0f} s after the right was given back"
    if alarmed is None:
        return unanswered(
            f"{said}; its alarm: here nobody counts what functions log", held_up=notified_after, healed=healed
        )
    return held(f"{said}, alarm after {alarmed:.0f} s", held_up=notified_after, alarm=alarmed, healed=healed)


def dead_letters_are_delivered_again(stage: Stage) -> Answer:
    """Of both forms, Lambda's and EventBridge's; and one more, for the function that delivers them, is handed to nobody."""
    unknown, nobodys = {"deploymentId": "d-SMOKETEST"}, f"{stage.name} for nobody"
    stage.send_dead_letter("Redeliver", nobodys)
    with stage.broken("Interrupt"):
        failed_on = stage.send("Deployment Stop Requested", unknown)
        until("Lambda's dead letter", lambda: stage.has_dead_letter("Events", failed_on), limits.DEAD_LETTER_SECONDS)
    with stage.not_permitted("StopRequested", "Interrupt"):
        undelivered = stage.send("Deployment Stop Requested", unknown)
        is_written = until("EventBridge's dead letter", lambda: _written(stage, undelivered), limits.DEAD_LETTER_SECONDS)
    began = time.monotonic()
    sent = (failed_on, undelivered)
    until("the dead letters to be delivered", lambda: all(map(stage.refused, sent)), 2 * limits.SCHEDULE_SECONDS)
    took = time.monotonic() - began
    until(
        "the dead letter for no function to be set aside",
        lambda: stage.has_dead_letter("Unhandled", nobodys),
        limits.SCHEDULE_SECONDS,
    )
    message = f"delivered after {took:.0f} s, beside a dead letter for no function"
    if is_written == "no":
        return unanswered(f"Lambda's {message}; EventBridge here writes none where a rule has no permission", seconds=took)
    return held(f"Lambda's and EventBridge's {message}", seconds=took)


def _written(stage: Stage, event_id: str) -> str | None:
    """Whether EventBridge has written a dead letter, yes or no: it has not where the event came all the same."""
    if stage.has_dead_letter("Events", event_id):
        return "yes"
    return "no" if stage.refused(event_id) else None


def news_outlasts_a_refusal(stage: Stage) -> Answer:
    if not stage.looks_at_rights():
        return unanswered(NO_RIGHTS)
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    with stage.denied(("Notify",), "events:PutEvents"):
        deployment_id = stage.drop()
        expect(outcome(stage.ended(deployment_id)), "Succeeded", "the deployment of which nothing can be told")
        time.sleep(limits.DENIED_SECONDS)
        if stage.has_noticed(deployment_id, "SUCCESS"):
            return failed("it is notified although Notify may not")
    began = time.monotonic()
    try:
        stage.noticed(deployment_id, "SUCCESS", limits.NEWS_SECONDS)
    except NotSo:
        return failed(f"the news is lost: it was not told within {limits.NEWS_SECONDS} s of the right")
    late = time.monotonic() - began
    return held(f"late, and not lost: told {late:.0f} s after the right was given back", seconds=late)
