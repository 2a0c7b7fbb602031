"""The emulator of the local cloud inside this process: the same services, without sockets, threads or workers.

It holds what AWS would hold (the table, functions and aliases, the bucket, alarms, rules) and is deployed to from the same
synthesized template. Threads that it would start become tasks of the clock, its pauses pass virtual time.
"""

import asyncio
import copy
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest

from local.cloud import CREDENTIALS, REGION
from local.server import ENVIRONMENT, asynchronous_retries
from verify.simulation.clock import Clock

ENDPOINT = "http://127.0.0.1:1"
"""Where every client believes AWS to be; nothing is ever sent there."""

# The emulator reads these once, when it is imported.
os.environ.update(ENVIRONMENT, **CREDENTIALS, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=ENDPOINT)
os.environ.update(asynchronous_retries(time_scale=1))

from ministack import app  # noqa: E402
from ministack.services import (  # noqa: E402
    cloudwatch,
    dynamodb,
    eventbridge,
    lambda_svc,
    s3,
    sqs,
)

from local.gaps import alarm_events, alias_rules, asynchronous_targets, macros, object_events, stream_batches  # noqa: E402
from local.gaps.patching import wrap  # noqa: E402

Item = dict[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]
"""The status, headers and body of what a service answers to a request."""
Snapshot = tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[Any, Any], dict[Any, Any]]
Execute = Callable[[Mapping[str, Any], Any], dict[str, Any]]
"""Runs a function's record with an event; answers as the emulator's own executor does."""

# What it says of every request is of no interest here, and takes longer than to answer it.
logging.getLogger().setLevel(logging.CRITICAL)


class Emulator:
    """One to a process, since the emulator's state is that of its modules."""

    def __init__(self, clock: Clock, execute: Execute) -> None:
        self._clock = clock
        self.delays: Callable[[Any], list[float]] | None = None
        """After how many seconds each event reaches its function, once for every number; at once and once, where None."""
        self._remembered: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        alias_rules.install()
        object_events.install()
        alarm_events.install()
        asynchronous_targets.install()
        macros.install()
        stream_batches.install(time_scale=1)
        for module in (lambda_svc, s3, eventbridge):
            wrap(module, "threading", self._tasks_for)
            wrap(module, "time", self._virtual)
        wrap(lambda_svc, "_execute_function", lambda _: execute)
        wrap(lambda_svc, "_execute_function_with_config_scope", lambda _: execute)
        wrap(eventbridge, "_dispatch_to_lambda", self._delayed)
        # It would wait for messages in real time, of which none passes for whoever might send one.
        receive = sqs._HANDLERS["ReceiveMessage"]
        sqs._HANDLERS["ReceiveMessage"] = lambda request, queue: receive(request | {"WaitTimeSeconds": 0}, queue)
        # Streams are polled by the simulation.
        wrap(lambda_svc, "_poller_started", lambda _: True)

    def _tasks_for(self, module: Any) -> SimpleNamespace:
        clock = self._clock

        class Thread:
            def __init__(self, target: Callable[..., Any], args: Any = (), kwargs: Any = None, **_: Any) -> None:
                self._run = lambda: target(*args, **(kwargs or {}))
                self._name = getattr(args[0] if args else target, "__name__", "background")

            def start(self) -> None:
                clock.spawn(self._name, self._run)

        return SimpleNamespace(**vars(module) | {"Thread": Thread})

    def _delayed(self, original: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def dispatch(arn: str, payload: str) -> None:
            if self.delays is None:
                original(arn, payload)
                return
            for delay in self.delays(payload):
                self._clock.after(delay, lambda: original(arn, payload), "an event arrives")

        return dispatch

    def _virtual(self, module: Any) -> SimpleNamespace:
        # The emulator's time comes from the module, which the clock has changed already; only its pauses have not.
        return SimpleNamespace(**vars(module) | {"sleep": self._clock.sleep, "time": lambda: time.time()})  # noqa: PLW0108

    def answer(self, request: AWSPreparedRequest) -> Answer:
        """What the emulated service answers to a signed request of botocore's."""
        url = urlsplit(request.url)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()} | {"host": url.netloc}
        body: Any = request.body or b""
        body = body.read() if hasattr(body, "read") else body
        query = parse_qs(url.query, keep_blank_values=True)
        status, answered, content = self._loop.run_until_complete(
            app._dispatch_service_request(
                request.method,
                unquote(url.path),
                headers,
                body.encode() if isinstance(body, str) else bytes(body),
                query,
                "request",
            )
        )
        return status, answered, content if isinstance(content, bytes) else content.encode()

    # ------------------------------------------------------------------------- what is there, read past the wire

    def function(self, name: str) -> Mapping[str, Any] | None:
        function: Mapping[str, Any] | None = lambda_svc._functions.get(name)
        return function

    def functions(self) -> dict[str, Mapping[str, Any]]:
        return dict(lambda_svc._functions.items())

    def alias(self, function: str, name: str) -> Mapping[str, Any] | None:
        alias: Mapping[str, Any] | None = ((self.function(function) or {}).get("aliases") or {}).get(name)
        return alias

    def items(self, table: str) -> Iterator[Item]:
        """The items of a table in DynamoDB's form."""
        for rows in list(dynamodb._tables[table]["items"].values()):
            yield from list(rows.values())

    def item(self, table: str, pk: str, sk: str) -> Item | None:
        item: Item | None = dynamodb._tables[table]["items"].get(pk, {}).get(sk)
        return item

    def size(self, item: Item) -> int:
        """Bytes of an item, as DynamoDB counts them."""
        return int(dynamodb._item_size_bytes(item))

    def is_too_large(self, item: Item) -> bool:
        """Whether an item is larger than DynamoDB keeps."""
        return bool(self.size(item) > dynamodb._DDB_ITEM_MAX_BYTES)

    def queued(self) -> dict[str, int]:
        """Queues by name, and how many messages are in each."""
        return {queue["name"]: len(queue["messages"]) for queue in sqs._queues.values()}

    def published(self) -> list[dict[str, Any]]:
        """Every event that was put on a bus, in order."""
        return list(eventbridge._events_log_list())

    def put_event(self, entry: Mapping[str, Any]) -> None:
        """An event of an AWS service on the default bus."""
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    def invoke_later(self, function: str, event: Any) -> None:
        """Invokes a function asynchronously, as a rule does."""
        eventbridge._dispatch_to_lambda(lambda_svc._func_arn(function), json.dumps(event))

    def poll_streams(self) -> bool:
        """Hands the functions that read streams their next batches; whether there was anything."""
        return bool(lambda_svc._poll_dynamodb_streams())

    def has_unread_changes(self) -> bool:
        """Whether a function that reads a stream has not come to its end yet."""
        for _, _, mapping in lambda_svc._iter_all_esms():
            table = str(mapping["EventSourceArn"]).split("/")[1]
            position = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], 0)
            position = max(position, dynamodb.stream_start_position(table))
            if dynamodb.stream_records_since(table, position, 1):
                return True
        return False

    def rules(self) -> Iterator[tuple[str, Mapping[str, Any], list[Mapping[str, Any]]]]:
        """Name, rule and targets of every rule."""
        for key, rule in list(eventbridge._rules.items()):
            yield rule["Name"], rule, eventbridge._targets.get(key, [])

    def is_enabled(self, rule: str) -> bool:
        return any(name == rule and attributes.get("State") == "ENABLED" for name, attributes, _ in self.rules())

    def snapshot(self, table: str, function: str) -> Snapshot:
        """The items of a table, the aliases of a function, all objects and all alarms, for `restore`."""
        items, aliases = dict(dynamodb._tables[table]["items"]), lambda_svc._functions[function]["aliases"]
        objects = {name: dict(bucket["objects"]) for name, bucket in s3._buckets.items()}
        return copy.deepcopy((items, aliases, objects, dict(s3._object_versions), cloudwatch._alarms._data))

    def restore(self, table: str, function: str, snapshot: Snapshot) -> None:
        """Puts items, aliases, objects and alarms back as they were."""
        items, aliases, objects, versions, alarms = copy.deepcopy(snapshot)
        self._refill(table, items)
        for name, bucket in s3._buckets.items():
            bucket["objects"].update(objects[name])
        s3._object_versions.update(versions)
        lambda_svc._functions[function]["aliases"] = aliases
        cloudwatch._alarms._data.update(alarms)

    def _refill(self, table: str, items: dict[str, Any]) -> None:
        stored = dynamodb._tables[table]
        stored["items"].clear()
        stored["items"].update(items)
        stored.pop(dynamodb._INDEX_MEMBERS, None)

    def remember(self, table: str) -> None:
        """Keeps the table's items, for `forget`."""
        self._remembered = copy.deepcopy(dict(dynamodb._tables[table]["items"]))

    def forget(self, table: str) -> None:
        """Back to the remembered items, with empty buckets, stream and queues, no alarms, nothing on a bus, rules on."""
        self._refill(table, copy.deepcopy(self._remembered))
        for bucket in s3._buckets.values():
            bucket["objects"].clear()
        s3._object_versions.clear()
        dynamodb._stream_records[table] = []
        lambda_svc._dynamodb_stream_positions.clear()
        lambda_svc._esm_backoff_until.clear()
        stream_batches._retries.clear()
        stream_batches._limits.clear()
        eventbridge._events_log_list().clear()
        for rule in eventbridge._rules.values():
            rule["State"] = "ENABLED"
        cloudwatch._alarms._data.clear()
        for queue in sqs._queues.values():
            queue["messages"].clear()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
