"""Runs the programs of docs/terraform.md for Pulumi and SST with stand-ins for their packages, which note what is made."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.architecture.blocks import blocks

PROGRAMS = {block.heading: block.text for block in blocks("docs/terraform.md") if block.language == "ts"}
STAND_INS = """
const made = [];
const resource = (type) => class {
  constructor(name, args, options) {
    Object.assign(this, args, { version: process.env.VERSION, name: args.name ?? process.env.FUNCTION });
    this.nodes = { function: this };
    made.push({ type, args, options });
  }
};
const aws = {
  lambda: { Function: resource("Function"), Alias: resource("Alias") },
  s3: { BucketObject: resource("BucketObject") },
};
const pulumi = {
  Config: class { require(name) { return name === "weighbridgeBucket" ? process.env.WEIGHBRIDGE_BUCKET : name; } },
  asset: { FileArchive: class {} },
  jsonStringify: JSON.stringify,
};
process.on("exit", () => console.log(JSON.stringify(made)));
module.exports = { aws, pulumi, sst: { aws: { Function: resource("Function") } } };
"""
GLOBALS = """
const { aws, sst, pulumi } = require("./stand-ins.cjs");
Object.assign(globalThis, { aws, sst, $jsonStringify: pulumi.jsonStringify });
"""


def made(tool: str, folder: Path, *, function: str, group: str, bucket: str) -> dict[str, Any]:
    """What the tool's program makes for version 2, by type: each {args, options}; of the caller's own function and group."""
    text = PROGRAMS[tool].replace("shop/prod", group).replace('"checkout"', f'"{function}"')
    text = text.replace("checkout: {", f'"{function}": {{')
    packages = folder / "node_modules" / "@pulumi"
    (folder / "stand-ins.cjs").write_text(STAND_INS)
    for package, names in {"aws": "lambda, s3", "pulumi": "Config, asset, jsonStringify"}.items():
        (packages / package).mkdir(parents=True)
        (packages / package / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
        exported = f'import all from "../../../stand-ins.cjs";\nexport const {{ {names} }} = all.{package};\n'
        (packages / package / "index.js").write_text(exported)
    # SST's own are there without an import.
    (folder / "globals.cjs").write_text(GLOBALS)
    (folder / "program.mts").write_text(text)
    run = subprocess.run(
        [
            Path(sys.executable).with_name("node"),
            "--disable-warning=ExperimentalWarning",
            "--require",
            "./globals.cjs",
            "program.mts",
        ],
        cwd=folder,
        env={**os.environ, "FUNCTION": function, "VERSION": "2", "WEIGHBRIDGE_BUCKET": bucket},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return {each["type"]: each for each in json.loads(run.stdout)}
