"""Checks the files of a folder for Kubernetes, and prints what they hold as one JSON object by file name."""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

folder = pathlib.Path(sys.argv[1])
held = {path.name: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
for name, resource in held.items():
    if name == "kustomization.yaml":
        continue
    if name == "servicemonitor.yaml":
        jsonschema.validate(resource, json.loads((folder / "servicemonitor.schema.json").read_text()))
    else:
        kubernetes_validate.validate(resource, "1.34", strict=True)
print(json.dumps(held))
