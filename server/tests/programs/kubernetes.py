"""Checks the files of a folder for Kubernetes, and prints what they hold as one JSON object by file name."""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml


def service_monitor():
    """The schema that the Prometheus Operator publishes for ServiceMonitor, as a package of PyPI has it in Python classes. Importing
    these takes seconds, so the schema is kept beside the package."""
    kept = pathlib.Path(sys.prefix) / "servicemonitor.schema.json"
    if not kept.exists():
        from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor

        schema = strict(ServiceMonitor.model_json_schema(by_alias=True))
        # Tests run at the same time: each moves a whole file there.
        written = kept.with_suffix(f".{id(schema)}")
        written.write_text(json.dumps(schema))
        written.replace(kept)
    return json.loads(kept.read_text())


def strict(schema):
    """The schema without room for fields that it does not name: Kubernetes would drop them without a word."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: strict(each) for name, each in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


folder = pathlib.Path(sys.argv[1])
held = {path.name: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
for name, resource in held.items():
    if name == "kustomization.yaml":
        continue
    if name == "servicemonitor.yaml":
        jsonschema.validate(resource, service_monitor())
    else:
        kubernetes_validate.validate(resource, "1.34", strict=True)
print(json.dumps(held))
