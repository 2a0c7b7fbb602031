"""What happens in the demo, in order."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from local.cloud import LocalCloud
from local.demo.display import Display
from local.demo.progress import Record, is_running, scaled
from local.demo.traffic import REQUESTS_PER_SECOND, Requests, Traffic
from local.demo.user import ALARM, ALIAS, FUNCTION, VERSIONS, User
from local.demo.verdict import Ended

T = TypeVar("T")

LOOK_SECONDS = 0.2
# Nine bakes of a minute, twice; the rest is for the work in between, which is not faster in a scaled cloud.
SCALED_SECONDS = 2 * 9 * 60
UNSCALED_SECONDS = 60


class TooLate(Exception):
    """The demo did not get on; the message says where it stood."""


class Story:
    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], display: Display) -> None:
        self._user = User(cloud, outputs)
        self._display = display
        self._time_scale = cloud.time_scale
        self._limit = SCALED_SECONDS * cloud.time_scale + UNSCALED_SECONDS
        self._deadline = time.monotonic() + self._limit

    def play(self) -> tuple[Ended, Ended]:
        """The deployment that should succeed, and the one that should be rolled back. Raises TooLate."""
        user, say = self._user, self._display.say
        first, good, bad = VERSIONS
        user.publish_shop()
        say(
            f"Published {FUNCTION} in versions 1, 2 and 3; alias {ALIAS} is on version 1. Version 3 fails at every request."
        )
        user.watch(good)
        user.listen_to_alarm()
        say(f"Created alarm {ALARM}: errors of the version that is being deployed.")
        say(f"Dropped {user.drop('deployment-group.yaml')}")
        self._until("the deployment group", lambda: user.has_group() or None)
        functions = user.client("lambda")
        with self._display, Traffic(functions, function=FUNCTION, alias=ALIAS, seconds=self._limit) as traffic:
            say(f"Sending at most {REQUESTS_PER_SECOND} requests a second to {FUNCTION}:{ALIAS}.")
            self._until("the first answer", lambda: traffic.seen().answered.get(first))
            succeeded = self._deploy(first, good, traffic)
            user.watch(bad)
            return succeeded, self._deploy(good, bad, traffic)

    def _deploy(self, before: str, version: str, traffic: Traffic) -> Ended:
        user = self._user
        known, earlier = user.deployments(), traffic.seen()
        self._display.say(f"Dropped {user.drop(f'version-{version}.yaml')}")
        deployment_id = self._until("the deployment's execution", lambda: next(iter(user.deployments() - known), None))
        requests = Requests()

        def closed() -> Record | None:
            nonlocal requests
            progress = user.progress(deployment_id)
            requests = traffic.seen().since(earlier)
            self._display.show(scaled(progress, self._time_scale), requests)
            return None if is_running(progress) else user.record(deployment_id)

        record = self._until(f"the end of {deployment_id}", closed)
        rollback_id = record.get("rollbackInfo", {}).get("rollbackDeploymentId")
        return Ended(
            before=before,
            version=version,
            record=record,
            alias=user.alias(),
            requests=requests,
            rollback=user.record(rollback_id) if rollback_id else None,
            alarm_at=user.alarm_time(),
        )

    def _until(self, what: str, probe: Callable[[], T | None]) -> T:
        """The first thing that the probe finds. Raises TooLate when the demo's time is over before."""
        while (answer := probe()) is None:
            if time.monotonic() > self._deadline:
                raise TooLate(f"the demo did not end within {self._limit:.0f} s: it was waiting for {what}.")
            time.sleep(LOOK_SECONDS)
        return answer
