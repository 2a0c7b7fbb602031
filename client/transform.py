"""What the macro makes of a template, without CloudFormation: `python -m client.transform template.yaml > expanded.json`.

For a look before the first deployment, as a step of a build where a tool cannot name macros, and for StackSets, which take
none. A template of SAM's is expanded by SAM's own translator first, as CloudFormation does.
"""

import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
from cfnlint.decode import cfn_yaml
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform as by_sam

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "functions"))

from weighbridge.core.errors import InvalidDocument  # noqa: E402
from weighbridge.core.stack_template import convert  # noqa: E402

SAM = "AWS::Serverless-2016-10-31"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("template", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--installation", default="Weighbridge", show_default=True, help="The name of Weighbridge's own stack.")
@click.option(
    "--hook-url", default="", help="The installation's output HookUrl, for hooks that were written for CodeDeploy."
)
@click.option("--region", default="us-east-1", show_default=True, help="For which SAM expands its resources.")
def main(template: Path, installation: str, hook_url: str, region: str) -> None:
    """Print the TEMPLATE as the macro Weighbridge makes it, as JSON; on standard error, what it has converted.

    It ends with 1, and says what to change, where the macro would refuse the template.
    """
    try:
        expanded = _expanded(cfn_yaml.load(str(template)), installation, region)
        result = convert(expanded, f"{installation.lower()}-cloudformation", hook_url)
    except (InvalidDocument, InvalidDocumentException) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    for name, new in result.renamed.items():
        click.echo(f"{name} becomes {new}" if name != new else f"{name} is prepared", err=True)
    if not result.renamed:
        click.echo("Nothing is shifted by CodeDeploy in this template; it stays as it is.", err=True)
    click.echo(json.dumps(result.template, indent=1))


def _expanded(template: Any, installation: str, region: str) -> dict[str, Any]:
    """The template with SAM's transform applied, and without the macro's name."""
    plain: dict[str, Any] = json.loads(json.dumps(template))
    declared = plain.pop("Transform", [])
    names = [name for name in ([declared] if isinstance(declared, str) else declared) if name != installation]
    if SAM in names:
        os.environ.setdefault("AWS_DEFAULT_REGION", region)
        logging.getLogger("samtranslator").setLevel(logging.ERROR)
        names.remove(SAM)
        plain = by_sam(plain | {"Transform": SAM}, {}, SimpleNamespace(load=dict))
    return plain | ({"Transform": names} if names else {})


if __name__ == "__main__":
    main()
