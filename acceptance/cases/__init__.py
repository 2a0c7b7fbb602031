"""The cases of the smoke test, by their numbers. Each is played on a stage that the others have left clean, and measures.

A case raises NotSo where something is otherwise than it says; what it breaks, it mends.
"""

from collections.abc import Callable
from dataclasses import dataclass

from acceptance.cases.api import api_wants_signatures, nobody_forges_a_caller
from acceptance.cases.faults import (
    a_rollback_without_rights_is_held_up_and_heals,
    dead_letters_are_delivered_again,
    news_outlasts_a_refusal,
)
from acceptance.cases.hooks import (
    a_slow_hook_is_waited_for,
    an_alarm_ends_the_wait_for_a_running_hook,
    hooks_are_waited_for,
    reports_of_hooks_are_taken,
)
from acceptance.cases.shifting import (
    drops_are_received,
    group_and_file_together,
    provisioned_concurrency_moves_along,
    weights_are_shares,
)
from acceptance.cases.turning_back import (
    alarms_bring_traffic_back,
    cold_functions_bring_traffic_back,
    log_alarms_bring_traffic_back,
    other_alarms_bring_traffic_back,
    stops_bring_traffic_back,
    the_schedule_finds_a_stop_whose_event_is_lost,
)
from acceptance.cases.upkeep import a_deployment_goes_on_through_an_update, teardown_is_refused
from acceptance.cases.versions import a_pending_version_is_waited_for, facts
from acceptance.lines import Answer
from acceptance.stage import Stage


@dataclass(frozen=True)
class Case:
    number: int
    what: str
    play: Callable[[Stage], Answer]
    is_long: bool = False
    """Left out by SMOKE=quick."""
    is_asked_for: bool = False
    """Played only where it is asked for, since it costs more than cents."""


CASES = [
    Case(1, "drops are received", drops_are_received),
    Case(2, "a group and a file dropped together are deployed", group_and_file_together),
    Case(3, "weights are shares of requests", weights_are_shares),
    Case(4, "an alarm brings traffic back, five times", alarms_bring_traffic_back),
    Case(4, "cold functions do", cold_functions_bring_traffic_back),
    Case(5, "composite and metric maths alarms do", other_alarms_bring_traffic_back),
    Case(5, "a log alarm does", log_alarms_bring_traffic_back),
    Case(6, "stops by bus, API and console do", stops_bring_traffic_back),
    Case(
        6, "a stop whose event is lost does, by the schedule", the_schedule_finds_a_stop_whose_event_is_lost, is_long=True
    ),
    Case(7, "hooks are waited for", hooks_are_waited_for),
    Case(7, "hooks may report on the bus and by the API", reports_of_hooks_are_taken),
    Case(7, "an alarm acts while a hook runs", an_alarm_ends_the_wait_for_a_running_hook),
    Case(7, "a hook of 400 seconds is waited for", a_slow_hook_is_waited_for, is_long=True),
    Case(8, "aliases do what the shifts rely on", facts),
    Case(8, "a version that is Pending is waited for", a_pending_version_is_waited_for),
    Case(
        9,
        "a rollback without rights is held up, notified, and heals",
        a_rollback_without_rights_is_held_up_and_heals,
        is_long=True,
    ),
    Case(10, "the API takes signed calls and no others", api_wants_signatures),
    Case(10, "nobody says that somebody else calls", nobody_forges_a_caller),
    Case(11, "dead letters are delivered again", dead_letters_are_delivered_again, is_long=True),
    Case(12, "news that cannot be published is published later", news_outlasts_a_refusal, is_long=True),
    Case(13, "a deployment goes on through an update of the stack", a_deployment_goes_on_through_an_update, is_long=True),
    Case(14, "a tear-down is refused while a deployment is open", teardown_is_refused),
    Case(15, "provisioned concurrency moves along", provisioned_concurrency_moves_along, is_asked_for=True),
]
