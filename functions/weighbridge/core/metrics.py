"""What is counted of how deployments end. On the reaction path: standard library only."""

from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.record import Record

ENDS = {
    "DeploymentsSucceeded",
    "DeploymentsFailed",
    "DeploymentsStopped",
    "RollbacksSucceeded",
    "RollbacksFailed",
}


def ends(old: Record | None, new: Record) -> list[str]:
    """The metrics, of ENDS, that count one for what became true between two states of a record: a rollback's are apart."""
    if is_running(new) or (old and not is_running(old)):
        return []
    return [f"{'Rollbacks' if is_rollback(new) else 'Deployments'}{new['status']}"]
