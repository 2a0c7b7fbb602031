"""What the table holds, and the key of every item in it.

    pk                        sk               what
    DEPLOYMENT#<id>           DEPLOYMENT       a deployment's record (core.deployment)
    APPLICATION#<app>         APPLICATION      an application
    GROUP#<app>/<group>       GROUP            a group's settings and last deployments, until it is deleted; its lock
    CONFIG#<name>             CONFIG           a custom deployment configuration
    ALIAS#<function>:<alias>  ALIAS            `activeDeployment`, `lastDeployment` (the last that began), `lastDeployed`
                                               (the last success), and `leftBy`, who left its weights; of another
                                               account's function <account>/<function>:<alias>
    DROP#<bucket>/<key>       DROP             the last file that was deployed from there: its sha256 and its deployment
    ALARM#<name>              DEPLOYMENT#<id>  a running deployment that the alarm may end
    REVISION#<app>/<digest>   REVISION         a registered revision (store.revisions)
    SETTINGS#<digest>         SETTINGS         a group's or configuration's file that was taken over (store.drops)
    BUCKET#<bucket>           BUCKET           `after`, the key after which the next look for missed files begins
    WANTED#<function>:<alias> WANTED           what a stack wants of an alias that it owns (core.wanted)
    AWAITED#<identity>        AWAITED          who waits for a deployment's end, by its token (core.awaited)
    REFUSAL#<digest>          REFUSAL          an object or event that was refused without a deployment (core.refusals)
    REFUSALS#<hour>           REFUSALS         how many were in a clock hour
    SCHEDULE#SWEEP            SCHEDULE         until when the schedule is on (lifecycle.schedule)

Applications, groups, configurations, aliases, revisions and refusals carry `listing` and `listingKey`, by which they are
listed.
Refusals carry `expires`, a time in seconds since 1970, after which DynamoDB deletes them. On the reaction path.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from weighbridge.aws.dynamodb import Key
from weighbridge.core.record import Record

Kind = Literal["APPLICATION", "GROUP", "CONFIG"]
"""What has tags."""


def _key(kind: str, identifier: str, sort: str | None = None) -> Key:
    return {"pk": {"S": f"{kind}#{identifier}"}, "sk": {"S": sort or kind}}


def deployment(deployment_id: str) -> Key:
    return _key("DEPLOYMENT", deployment_id)


def deployment_in(key: Mapping[str, str]) -> str:
    """The id of the deployment whose record has this key, given as text."""
    return key["pk"].removeprefix("DEPLOYMENT#")


def application(name: str) -> Key:
    return _key("APPLICATION", name)


def group(application_name: str, name: str) -> Key:
    return _key("GROUP", f"{application_name}/{name}")


def group_of(record: Record) -> Key:
    """The group that a deployment is for."""
    return group(record["applicationName"], record["deploymentGroupName"])


def resource(kind: Kind, name: str) -> Key:
    """What has tags; of a group the name is `application/group`."""
    return _key(kind, name)


def config(name: str) -> Key:
    return _key("CONFIG", name)


def alias(lock: str) -> Key:
    """`lock` is what an alias is held by (core.service_role.alias_lock)."""
    return _key("ALIAS", lock)


def drop(location: Mapping[str, Any]) -> Key:
    """The object at an S3Location."""
    return _key("DROP", f"{location['bucket']}/{location['key']}")


def alarm(name: str, deployment_id: str) -> Key:
    return _key("ALARM", name, f"DEPLOYMENT#{deployment_id}")


def alarms(name: str) -> dict[str, Any]:
    """The arguments of a query for the deployments that an alarm may end."""
    return {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": f"ALARM#{name}"}}}


def watching(key: Mapping[str, str]) -> str:
    """The id of the deployment that an item of an alarm, whose key is given as text, stands for."""
    return key["sk"].removeprefix("DEPLOYMENT#")


def revision(application_name: str, digest: str) -> Key:
    return _key("REVISION", f"{application_name}/{digest}")


def settings_file(identity: str) -> Key:
    return _key("SETTINGS", hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32])


def bucket(name: str) -> Key:
    return _key("BUCKET", name)


def wanted(alias: str) -> Key:
    """`alias` is `function:alias`."""
    return _key("WANTED", alias)


def wanted_in(key: Mapping[str, str]) -> str:
    """The alias, `function:alias`, of which an item with this key, given as text, says what is wanted."""
    return key["pk"].removeprefix("WANTED#")


def awaited(identity: str) -> Key:
    """`identity` is what asked for the deployment."""
    return _key("AWAITED", identity)


def awaited_in(key: Mapping[str, str]) -> str:
    """The identity of the deployment that is waited for by an item with this key, given as text."""
    return key["pk"].removeprefix("AWAITED#")


def refusal(digest: str) -> Key:
    return _key("REFUSAL", digest)


def refusals(hour: str) -> Key:
    return _key("REFUSALS", hour)


ALIASES = "ALIASES"
"""The listing of all aliases that have been deployed."""
SCHEDULE = _key("SCHEDULE", "SWEEP", "SCHEDULE")


def identifier(key: Mapping[str, Any]) -> str:
    """What comes after the kind in an item's partition key."""
    return str(key["pk"]["S"]).partition("#")[2]


def renamed(key: Mapping[str, Any], name: str, new_name: str) -> Key:
    """The key that an item of the application `name` has once that is called `new_name`."""
    kind, _, inside = key["pk"]["S"].partition(f"#{name}/")
    return _key(kind, f"{new_name}/{inside}")
