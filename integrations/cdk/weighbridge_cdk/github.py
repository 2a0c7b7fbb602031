"""What a deployment comes to as the status of a deployment of GitHub's, without a runner that waits for it."""

from collections.abc import Sequence

from aws_cdk import SecretValue
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

STATE_CHANGE = "CodeDeploy Deployment State-change Notification"
DEPLOYMENT = events.EventField.from_path("$.detail.deploymentId")
CODE = events.EventField.from_path("$.detail.errorInformation.code")
STATES = {
    "in_progress": (["START"], f"Weighbridge deploys: {DEPLOYMENT}"),
    "success": (["SUCCESS"], f"All traffic has moved: {DEPLOYMENT}"),
    "failure": (["FAILURE", "STOP"], f"{CODE}: {DEPLOYMENT}"),
}
"""GitHub's states: those of Weighbridge that are told by each, and the description."""


class GitHubDeployments(Construct):
    """Sets the status of a deployment of GitHub's by EventBridge, as the deployment of Weighbridge's goes on.

    Which deployment of GitHub's it is stands in the description of Weighbridge's, as `github-deployment:ID`; one without it
    is told to nobody. A workflow makes GitHub's deployment, asks for Weighbridge's, and ends.

    - `repository`: as `owner/name`.
    - `token`: of a GitHub App or a fine-grained token for that repository with the right "Deployments: write", as
      `SecretValue.secrets_manager("NAME")`; it is in no template.
    - `applications`: whose deployments are told; those of others may name an id, too.
    - `dead_letter_queue`: takes what GitHub has refused or not taken within a day.
    - `endpoint`: of GitHub Enterprise, `https://HOST/api/v3`.
    """

    def __init__(  # noqa: PLR0913 - as any construct is configured
        self,
        scope: Construct,
        id: str,  # noqa: A002 - as every construct has it
        *,
        repository: str,
        token: SecretValue,
        applications: Sequence[str],
        dead_letter_queue: sqs.IQueue | None = None,
        endpoint: str = "https://api.github.com",
    ) -> None:
        super().__init__(scope, id)
        if repository.count("/") != 1 or not applications:
            raise ValueError("repository is owner/name, and applications are those of Weighbridge's groups")
        connection = events.Connection(
            self,
            "Connection",
            description=f"Deployments of {repository}",
            # With the scheme before it, so that the secret holds the token alone.
            authorization=events.Authorization.api_key(
                "Authorization", SecretValue.unsafe_plain_text(f"Bearer {token.unsafe_unwrap()}")
            ),
            header_parameters={
                "Accept": events.HttpParameter.from_string("application/vnd.github+json"),
                "X-GitHub-Api-Version": events.HttpParameter.from_string("2022-11-28"),
            },
        )
        destination = events.ApiDestination(
            self,
            "Statuses",
            connection=connection,
            endpoint=f"{endpoint}/repos/{repository}/deployments/*/statuses",
            http_method=events.HttpMethod.POST,
            rate_limit_per_second=10,
        )
        for state, (told_by, description) in STATES.items():
            events.Rule(
                self,
                "".join(word.capitalize() for word in state.split("_")),
                description=f"Weighbridge: tells GitHub of a deployment that is {state}",
                event_pattern=events.EventPattern(
                    source=["weighbridge"],
                    detail_type=[STATE_CHANGE],
                    detail={
                        "application": list(applications),
                        "state": told_by,
                        "gitHubDeploymentId": events.Match.exists(),
                    },
                ),
                targets=[
                    targets.ApiDestination(
                        destination,
                        path_parameter_values=["$.detail.gitHubDeploymentId"],
                        event=events.RuleTargetInput.from_object({"state": state, "description": description}),
                        dead_letter_queue=dead_letter_queue,
                    )
                ],
            )
