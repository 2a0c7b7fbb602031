"""What a role may do, each with its reason; the words in which steps.py, listeners.py and machine.py speak of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk.aws_s3 import IBucket
from constructs import Construct

from infra.settings import Settings


@dataclass(frozen=True)
class Right:
    """Actions on resources, and why they are needed. The reason also answers cdk-nag where a resource holds a `*`."""

    why: str
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str]] | None = None

    def statement(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(actions=self.actions, resources=self.resources, conditions=self.conditions)


def give(role: iam.Role, rights: Iterable[Right]) -> None:
    """Add the rights to the role's default policy, which exists before anything that uses the role."""
    for right in rights:
        if right.resources:
            role.add_to_principal_policy(right.statement())
            explain_wildcards(role, right)


def give_afterwards(scope: Construct, name: str, role: iam.Role, rights: Sequence[Right]) -> iam.Policy:
    """Give the rights by a policy of their own, for resources that themselves need the role and would close a cycle."""
    policy = iam.Policy(scope, name, statements=[right.statement() for right in rights], roles=[role])
    for right in rights:
        explain_wildcards(policy, right)
    return policy


def explain_wildcards(scope: Construct, right: Right) -> None:
    for resource in right.resources:
        name = _spelt_by_cdk_nag(Stack.of(scope).resolve(resource))
        if "*" in name:
            Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{name}]", reason=right.why))


def _spelt_by_cdk_nag(resolved: object) -> str:
    match resolved:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_spelt_by_cdk_nag(part) for part in parts)
    return str(resolved)


def functions_named(patterns: Sequence[str]) -> list[str]:
    """ARNs of the functions of these names and of all their versions and aliases."""
    functions = [f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{pattern}" for pattern in patterns]
    return [arn for function in functions for arn in (function, f"{function}:*")]


def role_accounts(settings: Settings) -> list[str]:
    """The accounts whose roles a group may name, the stack's own first."""
    return [Aws.ACCOUNT_ID, *settings.service_role_accounts]


def by_own_role(settings: Settings, resources: Sequence[str]) -> Sequence[str]:
    """What Weighbridge's own roles touch for groups that name no role: nothing where every group has to name one."""
    return [] if settings.service_role_required else resources


def act_as_service_role(settings: Settings) -> Right:
    return Right(
        "Acts as the service role of the deployment group; the context restricts which roles.",
        actions=["sts:AssumeRole"],
        resources=[
            f"arn:{Aws.PARTITION}:iam::{account}:role/{pattern}"
            for account in role_accounts(settings)
            for pattern in settings.service_roles
        ],
    )


def reads_revisions(bucket: IBucket) -> list[Right]:
    return [
        Right(
            "Reads the revision, in the version that the deployment names; users choose the keys.",
            actions=["s3:GetObject", "s3:GetObjectVersion"],
            resources=[bucket.arn_for_objects("*")],
        ),
        Right(
            "Without it S3 answers that access is denied where a file is gone.",
            actions=["s3:ListBucket"],
            resources=[bucket.bucket_arn],
        ),
    ]


def schedule_rules(settings: Settings) -> Sequence[str]:
    """The one rule of the schedule, as resources of a right."""
    return [f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:rule/{settings.schedule_rule}"]


def keeps_the_schedule_on(settings: Settings) -> Right:
    return Right(
        "Switches the schedule on before anything begins that needs it.",
        actions=["events:EnableRule"],
        resources=schedule_rules(settings),
    )
