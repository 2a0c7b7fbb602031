"""What `make local` offers to begin with: the demo's function in its group, and a terminal with this checkout's commands.

A cloud's folder gets an `environment` to be sourced by sh, bash or zsh, `bin/aws` and `bin/weighbridge`.
"""

import json
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local.cloud import CREDENTIALS, LocalCloud
from local.demo.user import ALIAS, APPLICATION, FUNCTION, GROUP, SHOP, VERSIONS, User
from local.deployment import DeploymentError

NEEDED = {"ApiUrl", "BucketName", "TableName"}
"""The stack's outputs without which there is nothing to try."""
GROUP_SECONDS = 60
EXPLAINED = f"""\
That deploys version 2 at once, and then, by dropping a file, version 3, a tenth of the traffic a minute. Watch it by
weighbridge watch {FUNCTION}
and end it by weighbridge stop {FUNCTION}, which puts the traffic back; `weighbridge --help` has more."""

# Whatever the terminal has of AWS belongs to another account: a profile's session token, region or endpoints.
ENVIRONMENT = """\
# For sh, bash and zsh: this terminal's AWS clients talk to the local cloud at {endpoint}, and to nothing else.
for name in $(env | sed -n 's/^\\(AWS_[A-Z0-9_]*\\)=.*/\\1/p'); do unset "$name"; done
{exports}
export PATH={bin}:"$PATH"
export no_proxy=127.0.0.1,"${{no_proxy:-${{NO_PROXY:-}}}}"
export NO_PROXY="$no_proxy"
"""

AWS = """\
#!/bin/sh
# The CLI sends SQS and a few other services past AWS_ENDPOINT_URL, and only the option keeps it from that.
case " $* " in
*" deploy "* | *" weighbridge "*) exec {aws} "$@" ;;
*) exec {aws} --endpoint-url {endpoint} "$@" ;;
esac
"""


def write_environment(cloud: LocalCloud, outputs: Mapping[str, str]) -> Path:
    """Write the file that points a terminal's AWS clients to that cloud, and CodeDeploy's to Weighbridge."""
    cli, folder = cloud.directory / "bin" / "aws", cloud.directory
    variables = CREDENTIALS | {
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_PAGER": "",
    }
    if "ApiUrl" in outputs:
        # By CodeDeploy's own model, and by ours where it is installed.
        variables |= dict.fromkeys(("AWS_ENDPOINT_URL_CODEDEPLOY", "AWS_ENDPOINT_URL_WEIGHBRIDGE"), outputs["ApiUrl"])
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    cli.parent.mkdir(parents=True, exist_ok=True)
    real = shlex.quote(str(Path(sys.executable).with_name("aws")))
    cli.write_text(AWS.format(aws=real, endpoint=cloud.endpoint))
    cli.chmod(0o755)
    command = cli.with_name("weighbridge")
    program = shlex.quote(str(Path(sys.executable).with_name("weighbridge")))
    command.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    command.chmod(0o755)
    environment = folder / "environment"
    environment.write_text(ENVIRONMENT.format(endpoint=cloud.endpoint, exports=exports, bin=shlex.quote(str(cli.parent))))
    return environment


def publish(cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
    """The sample function on version 1 of three, the alarm of its group, and the group. Raises DeploymentError."""
    user = User(cloud, outputs)
    user.publish_shop()
    user.watch(VERSIONS[1])
    user.drop("deployment-group.yaml")
    deadline = time.monotonic() + GROUP_SECONDS
    while not user.has_group():
        if time.monotonic() > deadline:
            raise DeploymentError(f"the sample's deployment group was not taken over in {GROUP_SECONDS} s")
        time.sleep(0.05)


def lines(cloud: LocalCloud, outputs: Mapping[str, str]) -> list[str]:
    """What to paste to deploy the published sample by the API, and then, gradually, by a file."""
    revision = cloud.directory / "version-2.json"
    content = (SHOP / "version-2.yaml").read_text(encoding="utf-8")
    revision.write_text(json.dumps({"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}))
    group = f"--application-name {APPLICATION} --deployment-group-name {GROUP}"
    create = (
        f"aws deploy create-deployment {group} --deployment-config-name CodeDeployDefault.LambdaAllAtOnce "
        f"--revision {shlex.quote(f'file://{revision}')}"
    )
    file, there = shlex.quote(str(SHOP / "version-3.yaml")), f"s3://{outputs['BucketName']}/{APPLICATION}/{GROUP}/"
    return [
        f". {shlex.quote(str(cloud.directory / 'environment'))}",
        f"id=$({create} --query deploymentId --output text)",
        'aws deploy wait deployment-successful --deployment-id "$id"',
        f"aws lambda get-alias --function-name {FUNCTION} --name {ALIAS}",
        f"aws s3 cp {file} {there}",
    ]
