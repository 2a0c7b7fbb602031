"""What the macro makes of a template, without CloudFormation: `weighbridge transform template.yaml > expanded.json`.

For a look before the first deployment, as a step of a build where a tool cannot name macros, and for StackSets, which take
none. A template of SAM's is expanded by SAM's own translator first, as CloudFormation does.
"""

import json
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cfnlint.decode import cfn_yaml
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform as by_sam

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.stack_template import Converted, convert
from weighbridge_cli.exits import Failed

SAM = "AWS::Serverless-2016-10-31"


def transformed(template: Path, installation: str, hook_url: str, region: str) -> Converted:
    """The template as the macro makes it. Raises Failed, with what to change, where the macro would refuse it."""
    try:
        expanded = _expanded(cfn_yaml.load(str(template)), installation, region)
        return convert(expanded, f"{installation.lower()}-cloudformation", hook_url)
    except (InvalidDocument, InvalidDocumentException) as refusal:
        raise Failed(str(refusal)) from refusal


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
