"""The stack: what there is, and what needs what."""

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack
from constructs import Construct

from infra.api import create_api, create_hook_url
from infra.basis import create_basis
from infra.cloudformation import create_macro, create_manage_alias, tell_callers
from infra.events import Events
from infra.hook_layer import create_hook_layer
from infra.listeners import create_listeners
from infra.machine import DeployMachine, DeploymentMachine
from infra.settings import Settings
from infra.steps import create_steps


def weighbridge_stack(scope: Construct, settings: Settings) -> Stack:
    stack = Stack(
        scope,
        "Weighbridge",
        stack_name=settings.stack_name,
        description="Weighbridge: gradual deployments of AWS Lambda versions that reverse themselves",
        # The CLI checks the bootstrap stack anyway, and without the rule the template needs no parameter.
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    basis = create_basis(stack, settings)
    steps = create_steps(stack, basis)
    machine = DeploymentMachine(stack, "Deployment", steps, basis.storage.table)
    deploy = DeployMachine(stack, "Deploy", basis, machine)
    listeners = create_listeners(stack, basis, machine, steps.run_hook)
    deploy.tell_by(listeners.reconcile.role)
    events = Events(stack, "Events", basis, machine, listeners)
    manage_alias = create_manage_alias(stack, basis, machine)

    api_url = create_api(stack, basis, machine) if settings.api_url else ""
    if api_url:
        CfnOutput(stack, "ApiUrl", value=api_url)
    hook_url = create_hook_url(stack, basis, machine) if settings.hook_url else ""
    if hook_url:
        CfnOutput(stack, "HookUrl", value=hook_url)
    create_macro(stack, basis, manage_alias, hook_url)
    tell_callers(manage_alias, basis, events.bus, api_url)
    CfnOutput(stack, "HookLayerArn", value=create_hook_layer(stack))
    CfnOutput(stack, "BucketName", value=basis.storage.bucket.bucket_name)
    CfnOutput(stack, "DeployMachineArn", value=deploy.arn)
    CfnOutput(stack, "EventBusName", value=events.bus.event_bus_name)
    CfnOutput(stack, "ServiceToken", value=manage_alias.function.function_arn)
    CfnOutput(stack, "StateMachineArn", value=machine.arn)
    CfnOutput(stack, "TableName", value=basis.storage.table.table_name)
    return stack
