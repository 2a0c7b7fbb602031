"""What a synthesis leaves behind."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import App

from tests.infra.template import Template

TEMPLATE = "Weighbridge.template.json"


@dataclass(frozen=True)
class Assembly:
    app: App
    directory: Path

    @property
    def text(self) -> str:
        return (self.directory / TEMPLATE).read_text(encoding="utf-8")

    def template(self) -> Template:
        return Template(json.loads(self.text))


Synthesize = Callable[[Mapping[str, object]], Assembly]
