"""Cases 13 and 14: the stack is updated, and nearly deleted, while a deployment is open."""

import subprocess
import sys
import time

from acceptance.cases import limits
from acceptance.cases.configurations import LINEAR, LONG
from acceptance.lines import Answer, failed, held
from acceptance.stage import RUNNING, Stage, outcome
from acceptance.upgrade import upgrade
from acceptance.waiting import NotSo, expect
from local.cloud import ROOT


def a_deployment_goes_on_through_an_update(stage: Stage) -> Answer:
    """Other code, another layer and one variable more for each function, while traffic is shifted in steps of a minute."""
    stage.configure(deploymentConfigName=LINEAR)
    with upgrade(stage.client, stage.name) as update:
        deployment_id = stage.drop()
        stage.baking(deployment_id)
        began = time.monotonic()
        update.begin()
        if (stage.record(deployment_id) or {}).get("status") not in RUNNING:
            raise NotSo("the deployment was over before the update began")
        expect(update.ended(limits.UPDATE_SECONDS), "UPDATE_COMPLETE", "the stack")
        updated = time.monotonic() - began
        expect(outcome(stage.ended(deployment_id, limits.UPDATE_SECONDS)), "Succeeded", "the deployment")
        ended = time.monotonic() - began
    return held(f"updated in {updated:.0f} s, the deployment Succeeded after {ended:.0f} s", updated=updated, ended=ended)


def teardown_is_refused(stage: Stage) -> Answer:
    stage.configure(deploymentConfigName=LONG)
    before, _ = stage.routing()
    deployment_id = stage.drop()
    stage.baking(deployment_id)
    command = [sys.executable, "-m", "infra.teardown", "-c", f"stackName={stage.name}"]
    if stage.account.profile:
        command += ["--profile", stage.account.profile]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    stage.send("Deployment Stop Requested", {"deploymentId": deployment_id})
    stage.seconds_until_back(before, 3 * limits.REACTION_SECONDS)
    stage.ended(deployment_id)
    if run.returncode == 0:
        return failed("an open deployment holds nobody up")
    if deployment_id not in run.stdout + run.stderr:
        return failed(f"refused, but not for the open deployment: {(run.stderr or run.stdout).strip()[-200:]}")
    return held("refused, with the deployment's id")
