"""deploy/kubernetes as kustomize builds it, and the schemas of what it builds."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from tests.deploy.compose import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
# The oldest that knows every field of the manifests, and the newest that the package has.
VERSIONS = ("1.27", "1.37")
_BUILD_SECONDS = 60.0
_CUSTOM = Path(__file__).with_name("custom_resources.yaml")

Object = dict[str, Any]


class InvalidError(Exception):
    """An object that the API server would not take."""


class Manifests:
    """The objects of one kustomization, built by the kustomize that kubectl brings."""

    def __init__(self, name: str):
        program = Path(sys.executable).with_name("kubectl")
        built = subprocess.run(
            [str(program), "kustomize", str(FOLDER / name)],
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
        if built.returncode:
            raise InvalidError(built.stderr)
        self.warnings = built.stderr
        self.objects: list[Object] = list(yaml.safe_load_all(built.stdout))

    def one(self, kind: str) -> Object:
        """The only object of this kind."""
        (found,) = [item for item in self.objects if item["kind"] == kind]
        return found

    @property
    def pod(self) -> Object:
        """What the Deployment says of its pods: metadata and spec."""
        template: Object = self.one("Deployment")["spec"]["template"]
        return template

    @property
    def container(self) -> Object:
        """The worker's container."""
        (container,) = self.pod["spec"]["containers"]
        return dict(container)

    @property
    def settings(self) -> dict[str, str]:
        """The ConfigMap that the container takes its environment from."""
        (source,) = self.container["envFrom"]
        config = self.one("ConfigMap")
        assert source["configMapRef"]["name"] == config["metadata"]["name"]
        return dict(config["data"])


@cache
def built(name: str) -> Manifests:
    """The kustomization of this name below deploy/kubernetes, built once."""
    return Manifests(name)


def check(item: Object, version: str) -> None:
    """Hold an object against the schema of its kind, a field that is not known being an error.

    Raises:
        InvalidError: it does not hold.
    """
    kind = f"{item['apiVersion']} {item['kind']}"
    try:
        if schema := _custom_schemas().get(kind):
            jsonschema.validate(item, schema)
        else:
            kubernetes_validate.validate(item, version, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        raise InvalidError(f"{kind}: {error.message}") from error


@cache
def _custom_schemas() -> Mapping[str, Object]:
    document = yaml.safe_load(_CUSTOM.read_text(encoding="utf-8"))
    return {kind: schema | {"$defs": document["$defs"]} for kind, schema in document["schemas"].items()}


def copied(item: Object) -> Object:
    """A deep copy, to be broken."""
    copy: Object = json.loads(json.dumps(item))
    return copy
