# ruff: noqa: SLF001 - the emulator is patched from inside
"""Batches of a DynamoDB stream that a function fails on.

AWS: an event source mapping tries a failed batch again, from the first record that the function names in
`batchItemFailures` (if it asked to report them), split in two when BisectBatchOnFunctionError is set (which is no
retry), MaximumRetryAttempts times and until its first record is MaximumRecordAgeInSeconds old; then the batch goes to the
on-failure destination and the stream goes on.
Emulator: takes an answer with `batchItemFailures` for success, and tries any other failed batch for ever.
Here: as on AWS, waiting as long as the emulator does between attempts, scaled, as is the age.
"""

import contextvars
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import dynamodb, lambda_svc

from local.gaps.patching import wrap

Record = dict[str, Any]

# By mapping: retries of the batch at its position, and into how small a batch its failures have split it.
_retries: dict[str, int] = {}
_limits: dict[str, int] = {}


def install(time_scale: float) -> None:
    wrap(lambda_svc, "_poll_dynamodb_streams", lambda _original: _polling(time_scale))


def _polling(time_scale: float) -> Callable[[], bool]:
    def poll() -> bool:
        advanced = [
            contextvars.copy_context().run(_poll_mapping, account, region, mapping, time_scale)
            for account, region, mapping in lambda_svc._iter_all_esms()
            if ":dynamodb:" in mapping.get("EventSourceArn", "")
        ]
        return any(advanced)

    return poll


def _poll_mapping(account: str, region: str, mapping: dict[str, Any], time_scale: float) -> bool:
    """Give a mapping's function its next batch; whether the mapping got on."""
    set_request_account_id(account)
    set_request_region(region)
    mapping_id, source = mapping["UUID"], mapping["EventSourceArn"]
    table = source.split("/")[1]
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    resting = lambda_svc._esm_backoff_until.get(mapping_id, 0) > time.time()
    if function is None or resting or not mapping.get("Enabled", True) or table not in dynamodb._tables:
        return False
    lambda_svc._init_stream_position(mapping_id, source, mapping.get("StartingPosition", "LATEST"))
    position = max(lambda_svc._dynamodb_stream_positions[mapping_id], dynamodb.stream_start_position(table))
    records = dynamodb.stream_records_since(table, position, _limits.get(mapping_id, mapping.get("BatchSize", 100)))
    if not records:
        return False
    done = _handle(records, mapping, function, time_scale)
    lambda_svc._dynamodb_stream_positions[mapping_id] = position + done
    return done > 0


def _handle(records: list[Record], mapping: dict[str, Any], function: dict[str, Any], time_scale: float) -> int:
    """Invoke the function with those records that pass the filter; how many records need not be seen again."""
    mapping_id = mapping["UUID"]
    batch = lambda_svc._apply_filter_criteria(records, mapping)
    result = lambda_svc._execute_function(function, {"Records": batch}) if batch else {}
    failed = _first_failed(result, batch, mapping)
    if failed is None:
        _retries.pop(mapping_id, None)
        _limits.pop(mapping_id, None)
        return len(records)
    done = records.index(failed)
    left = batch[batch.index(failed) :]
    if len(left) > 1 and mapping.get("BisectBatchOnFunctionError"):
        _limits[mapping_id] = len(left) // 2
    else:
        _retries[mapping_id] = _retries.get(mapping_id, 0) + 1
        condition = _exhausted(mapping, left[0], time_scale)
        if condition:
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, left, mapping["EventSourceArn"], result, condition
            )
            del _retries[mapping_id]
            _limits.pop(mapping_id, None)
            return len(records)
    lambda_svc._esm_backoff_until[mapping_id] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS * time_scale
    return done


def _exhausted(mapping: dict[str, Any], first: Record, time_scale: float) -> str | None:
    """Why a batch is not tried again."""
    allowed, longest = mapping.get("MaximumRetryAttempts", -1), mapping.get("MaximumRecordAgeInSeconds", -1)
    if 0 <= allowed < _retries[mapping["UUID"]]:
        return "RetryAttemptsExhausted"
    age = time.time() - first["dynamodb"]["ApproximateCreationDateTime"]
    return "MaxRecordAgeExceeded" if 0 <= longest * time_scale < age else None


def _first_failed(result: dict[str, Any], batch: list[Record], mapping: dict[str, Any]) -> Record | None:
    if result.get("error"):
        return batch[0]
    body = result.get("body")
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []) or not isinstance(body, dict):
        return None
    failures = {failure["itemIdentifier"] for failure in body.get("batchItemFailures") or []}
    return next((record for record in batch if record["dynamodb"]["SequenceNumber"] in failures), None)
