"""Writes JSON schemas for kubeconform: `python schemas.py swagger.json [crd.yaml …] FOLDER`.

Those of Kubernetes come out of its OpenAPI description, those of custom resources out of their definitions. In each an
object has no other properties than those that are described.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

REFERENCE = "#/definitions/"
EITHER = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
"""What a quantity or a port may be; OpenAPI 2 cannot say that."""
BY_NUMBER = ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "io.k8s.apimachinery.pkg.api.resource.Quantity")


def main() -> None:
    """Write a file for each kind."""
    *sources, folder = map(Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        described = json.loads(source.read_text()) if source.suffix == ".json" else yaml.safe_load(source.read_text())
        for name, schema in (of_openapi if "definitions" in described else of_crd)(described).items():
            (folder / f"{name}.json").write_text(json.dumps(schema))


def of_openapi(described: Any) -> dict[str, Any]:
    """The schemas of all kinds of an OpenAPI description, by file name: each with the definitions that it needs."""
    definitions = {name: EITHER if name in BY_NUMBER else closed(each) for name, each in described["definitions"].items()}
    schemas = {}
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            needed = {each: definitions[each] for each in references(definitions, name)}
            schemas[file_name(kind["group"], kind["version"], kind["kind"])] = definition | {"definitions": needed}
    return schemas


def of_crd(described: Any) -> dict[str, Any]:
    """The schemas of a custom resource, one for each of its versions."""
    spec = described["spec"]
    kind = spec["names"]["kind"]
    schemas = {each["name"]: closed(each["schema"]["openAPIV3Schema"]) for each in spec["versions"]}
    return {file_name(spec["group"], version, kind): schema for version, schema in schemas.items()}


def file_name(group: str, version: str, kind: str) -> str:
    """As kubeconform makes it from `{{.ResourceKind}}{{.KindSuffix}}`: of the group its first part alone."""
    return "-".join([kind, *filter(None, [group.partition(".")[0]]), version]).lower()


def closed(schema: Any) -> Any:
    """The schema; each object in it that names properties has no others."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(each) for name, each in schema.items()}
    is_open = isinstance(inner.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields")
    return inner | {"additionalProperties": False} if is_open and "additionalProperties" not in schema else inner


def references(definitions: dict[str, Any], start: str) -> set[str]:
    """The names of all definitions that one refers to, also by others."""
    found: set[str] = set()
    waiting = [definitions[start]]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).removeprefix(REFERENCE)
            if name in definitions and name not in found:
                found.add(name)
                waiting.append(definitions[name])
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return found


if __name__ == "__main__":
    main()
