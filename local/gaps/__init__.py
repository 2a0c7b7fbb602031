"""Where the emulator differs from AWS in what Weighbridge relies on: one module a gap.

Each module says what AWS does, what the emulator does and what the filler does, and has an `install(time_scale)`.
A contract test per gap fails once the emulator closes it: then the module and its line here can go.
"""

from local.gaps import (
    alarm_evaluation,
    alarm_events,
    alias_actions,
    alias_rules,
    asynchronous_targets,
    callbacks,
    codedeploy_resources,
    event_keys,
    function_errors,
    function_url_rights,
    function_url_signatures,
    macros,
    nested_executions,
    object_events,
    repeated_starts,
    role_sessions,
    rule_arns,
    running_task,
    scheduled_rules,
    sdk_errors,
    secure_transport,
    stack_events,
    stack_resources,
    stopped_executions,
    stream_batches,
    task_timeouts,
    token_owners,
    unpacked_packages,
    updated_functions,
    url_callers,
    weighted_aliases,
)


def fill(time_scale: float) -> None:
    """Install every gap filler into the emulator of this process, before it serves its first request.

    time_scale: seconds that pass here per second on AWS (1 is real time, 0.05 is twenty times faster).
    """
    running_task.install()
    task_timeouts.install()
    callbacks.install(time_scale)
    stopped_executions.install()
    repeated_starts.install()
    sdk_errors.install()
    nested_executions.install()
    function_errors.install()
    weighted_aliases.install()
    alias_rules.install()
    asynchronous_targets.install()
    updated_functions.install()
    unpacked_packages.install()
    stream_batches.install(time_scale)
    object_events.install()
    alarm_events.install()
    alarm_evaluation.install(time_scale)
    stack_events.install()
    stack_resources.install()
    scheduled_rules.install(time_scale)
    url_callers.install()
    macros.install()
    codedeploy_resources.install()
    # What follows matters where IAM is enforced only.
    alias_actions.install()
    token_owners.install()
    event_keys.install()
    rule_arns.install()
    role_sessions.install()
    secure_transport.install()
    function_url_signatures.install()
    function_url_rights.install()
