"""The reconciliation's schedule in days of virtual time."""

from collections.abc import Callable

from scenarios.world import Shop
from verify.simulation.world import SimulatedWorld

RULE = "Weighbridge-Schedule"
HALF_AN_HOUR = 1800.0


def is_on(world: SimulatedWorld) -> bool:
    return world.simulation.emulator.is_enabled(RULE)


def pass_time(world: SimulatedWorld, seconds: float, look: Callable[[], bool] = lambda: True) -> None:
    """Lets time pass; `look` is asked every minute and has to hold."""
    clock = world.simulation.clock
    end = clock.now + seconds
    while clock.now < end:
        until = min(end, clock.now + 60)
        clock.after(until - clock.now, lambda: None, "a minute has passed")
        clock.run(lambda until=until: clock.now >= until, 120, "a minute")  # type: ignore[misc]
        assert look(), f"{end - clock.now:g} s before the end"


def resting(world: SimulatedWorld) -> Shop:
    """A group, in an account in which nothing has happened for some time."""
    world.simulation.forget()
    shop = world.shop(deploymentConfigName="Endless")
    pass_time(world, HALF_AN_HOUR + 600)
    assert not is_on(world)
    return shop


def test_it_rests_when_nothing_is_open_and_runs_as_long_as_something_is(world: SimulatedWorld) -> None:
    shop = resting(world)
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    pass_time(world, 20 * 3600, lambda: is_on(world))
    world.stop(deployment_id)
    world.ended(deployment_id)
    pass_time(world, HALF_AN_HOUR + 600)
    assert not is_on(world)


def test_a_lost_stop_in_the_console_is_found_though_the_schedule_had_rested(world: SimulatedWorld) -> None:
    shop = resting(world)
    with world.without_rule("ExecutionEnded"):
        deployment_id = world.drop(shop)
        world.in_bake(deployment_id)
        arn = world.simulation.machine.executions[deployment_id].arn
        world.client("stepfunctions").stop_execution(executionArn=arn)
        assert world.ended(deployment_id).outcome == ("Stopped", "MANUAL_STOP")
