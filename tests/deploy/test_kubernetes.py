"""deploy/kubernetes: valid objects, settings that the worker knows, and figures that agree."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

import worker
from tests.deploy.compose import ROOT, Compose, mebibytes
from tests.deploy.image import stages
from tests.deploy.manifests import FOLDER, VERSIONS, InvalidError, Manifests, Object, built, check, copied
from worker.adapters.http import HttpPort
from worker.environment import SettingsError, load_settings
from worker.settings import PREFIX, Settings

pytestmark = pytest.mark.deploy

BUILDS = ("base", "example")
IMAGE = stages()[1]
DEFAULTS = load_settings({})
SECRETS = "/etc/pagesieve/secrets"


@pytest.fixture(params=BUILDS)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    return built(request.param)


def settings_of(manifests: Manifests, folder: Path) -> Settings:
    """What a pod would load, with a file for each key of the Secret that its settings name."""
    environment = IMAGE.environment | manifests.settings
    for name, value in environment.items():
        if name.endswith("_FILE"):
            assert Path(value).parent == Path(SECRETS)
            (folder / Path(value).name).write_text("secret\n")
            environment[name] = str(folder / Path(value).name)
    return load_settings(environment)


def mapping_of(schema: Any, *path: str) -> Any:
    """What lies at the end of a path of keys and list positions."""
    for key in path:
        schema = schema[int(key) if isinstance(schema, list) else key]
    return schema


def requests_of(manifests: Manifests, what: str) -> float:
    """Memory that the container requests, or may take, in MiB."""
    return mebibytes(manifests.container["resources"][what]["memory"].lower().removesuffix("i"))


# The files


def test_every_file_of_the_base_is_listed() -> None:
    listed = yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text("utf-8"))
    named = set(listed["resources"]) | {
        file for item in listed["configMapGenerator"] for file in item["envs"]
    }
    there = {path.name for path in (FOLDER / "base").iterdir()} - {"kustomization.yaml"}
    assert named == there


def test_everything_that_was_asked_for_is_built(manifests: Manifests) -> None:
    kinds = {item["kind"] for item in manifests.objects}
    assert kinds >= {
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PodMonitor",
        "ScaledObject",
    }
    assert manifests.warnings == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(manifests: Manifests, version: str) -> None:
    for item in manifests.objects:
        check(item, version)


BROKEN = [
    ("Deployment", "spec.template.spec.containers.0", "readonlyRootFilesystem", True),
    ("Deployment", "spec.template.spec", "terminationGracePeriodSeconds", "45s"),
    ("ScaledObject", "spec", "maxReplicas", 3),
    ("ScaledObject", "spec", "pollingInterval", "soon"),
    ("PodMonitor", "spec.podMetricsEndpoints.0", "portName", "http"),
    ("NetworkPolicy", "spec", "egres", []),
    ("PodDisruptionBudget", "spec", "unhealthyPodEvictionPolicy", 1),
]


@pytest.mark.parametrize(("kind", "path", "key", "value"), BROKEN)
def test_what_no_server_would_take_is_found(kind: str, path: str, key: str, value: object) -> None:
    broken = copied(built("base").one(kind))
    mapping_of(broken, *path.split("."))[key] = value
    with pytest.raises(InvalidError):
        check(broken, VERSIONS[-1])


# Settings


def test_settings_are_settings_and_agree(manifests: Manifests, tmp_path: Path) -> None:
    assert all(name.startswith(PREFIX) for name in manifests.settings)
    settings = settings_of(manifests, tmp_path)
    grace = manifests.pod["spec"]["terminationGracePeriodSeconds"]
    # load_settings holds drain_timeout below stop_grace.
    assert settings.stop_grace == grace > settings.drain_timeout


def test_a_setting_that_is_none_is_found(tmp_path: Path) -> None:
    manifests = Manifests("base")
    manifests.one("ConfigMap")["data"]["PAGESIEVE_CHILDRENS"] = "2"
    with pytest.raises(SettingsError, match="PAGESIEVE_CHILDRENS"):
        settings_of(manifests, tmp_path)


def test_nothing_else_gets_among_the_settings(manifests: Manifests) -> None:
    # What a Service named pagesieve would add: a pod with it would not start.
    with pytest.raises(SettingsError, match="PAGESIEVE_PORT"):
        load_settings({"PAGESIEVE_PORT": "tcp://10.0.0.1:80"})
    assert manifests.pod["spec"]["enableServiceLinks"] is False
    assert "env" not in manifests.container


def test_a_changed_setting_rolls_out() -> None:
    names = {built(name).one("ConfigMap")["metadata"]["name"] for name in BUILDS}
    assert len(names) == 2
    assert all(re.fullmatch(r"pagesieve-[a-z0-9]{10}", name) for name in names)


def test_secrets_are_files_of_one_secret_and_never_written_down(manifests: Manifests) -> None:
    (mount,) = [item for item in manifests.container["volumeMounts"] if item["mountPath"] == SECRETS]
    (volume,) = [item for item in manifests.pod["spec"]["volumes"] if item["name"] == mount["name"]]
    assert mount["readOnly"] is True
    assert volume["secret"]["secretName"] == "pagesieve"
    # Readable for the group that the pod has, and nobody else.
    assert volume["secret"]["defaultMode"] == 0o440
    assert "Secret" not in {item["kind"] for item in manifests.objects}
    named = {name for name in manifests.settings if "PASSWORD" in name}
    assert all(name.endswith("_FILE") for name in named)
    # Where a setting names a file of it, the Secret has to be there.
    assert volume["secret"]["optional"] is not bool(named)


# Pods


def test_pods_meet_the_restricted_standard(manifests: Manifests) -> None:
    pod, container = manifests.pod["spec"], manifests.container
    user, _, group = IMAGE.last("USER").partition(":")
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user),
        "runAsGroup": int(group),
        "fsGroup": int(group),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
    assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {"emptyDir", "secret"}


def test_what_can_be_written_is_what_compose_gives() -> None:
    writable = [item for item in built("base").container["volumeMounts"] if not item.get("readOnly")]
    assert [item["mountPath"] for item in writable] == Compose().services["worker"].raw["tmpfs"]


def test_probes_ask_what_the_worker_answers(manifests: Manifests) -> None:
    container = manifests.container
    (port,) = container["ports"]
    assert str(port["containerPort"]) == IMAGE.environment["PAGESIEVE_HTTP_PORT"]
    probes = {name: container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    paths = {name: probe["httpGet"]["path"] for name, probe in probes.items()}
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {port["name"]}
    assert set(paths.values()) <= set(served())
    # A start may wait for Kafka, and answers /livez long before.
    startup = probes["startup"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= DEFAULTS.kafka_connect_timeout


def served() -> Iterator[str]:
    """The pages that the worker's port has."""
    port = HttpPort(
        "127.0.0.1",
        0,
        registry=CollectorRegistry(),
        alive=lambda: True,
        ready=lambda: True,
        version={},
    )
    yield from port._server.pages
    port.close()


def test_the_image_is_the_version_of_the_project() -> None:
    assert built("base").container["image"] == f"pagesieve:{worker.__version__}"
    assert built("base").container["args"] == ["run"]
    # The image's entry point stays: its init hands signals on.
    assert "command" not in built("base").container


def test_the_memory_limit_holds_the_children(manifests: Manifests, tmp_path: Path) -> None:
    settings = settings_of(manifests, tmp_path)
    assert settings.children > 0, "a pod sees the processors of its whole node"
    need = 384 + settings.children * (settings.child_memory_mb + 128)
    assert requests_of(manifests, "limits") >= need
    assert requests_of(manifests, "requests") <= requests_of(manifests, "limits")
    assert int(manifests.container["resources"]["requests"]["cpu"]) == settings.children
    assert "cpu" not in manifests.container["resources"]["limits"]


# What looks at the pods


def test_everything_selects_these_pods(manifests: Manifests) -> None:
    labels = manifests.pod["metadata"]["labels"]
    selectors = [
        manifests.one("Deployment")["spec"]["selector"],
        manifests.one("PodDisruptionBudget")["spec"]["selector"],
        manifests.one("PodMonitor")["spec"]["selector"],
        manifests.one("NetworkPolicy")["spec"]["podSelector"],
        *(item["labelSelector"] for item in manifests.pod["spec"]["topologySpreadConstraints"]),
    ]
    for selector in selectors:
        assert selector == {"matchLabels": labels}
    assert manifests.one("ScaledObject")["spec"]["scaleTargetRef"] == {
        "name": manifests.one("Deployment")["metadata"]["name"]
    }


def test_prometheus_knows_the_workers_by_the_job_of_alerts_and_dashboard(manifests: Manifests) -> None:
    monitor = manifests.one("PodMonitor")["spec"]
    (scrape,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))[
        "scrape_configs"
    ]
    assert manifests.pod["metadata"]["labels"][monitor["jobLabel"]] == scrape["job_name"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in manifests.container["ports"]}
    assert endpoint["path"] in set(served())


def test_only_prometheus_comes_in_and_only_dns_kafka_and_redis_are_reached() -> None:
    manifests = built("base")
    policy = manifests.one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (inward,) = policy["ingress"]
    assert [port["port"] for port in inward["ports"]] == [int(IMAGE.environment["PAGESIEVE_HTTP_PORT"])]
    assert inward["from"]
    for name in BUILDS:
        settings = built(name).settings
        addresses = settings["PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS"].split(",")
        addresses.append(settings["PAGESIEVE_REDIS_URL"].removeprefix("redis://").partition("/")[0])
        for address in addresses:
            assert any(reaches(rule, int(address.rpartition(":")[2])) for rule in policy["egress"]), address
    assert not any(reaches(rule, port) for rule in policy["egress"] for port in (80, 443, 6443))
    assert all("ports" in rule for rule in policy["egress"])


def reaches(rule: Object, number: int) -> bool:
    """Whether an egress rule lets TCP through to this port."""
    tcp = [port for port in rule["ports"] if port.get("protocol", "TCP") == "TCP"]
    return any(port["port"] <= number <= port.get("endPort", port["port"]) for port in tcp)


# Scaling

# What KEDA's Kafka scaler reads; it passes over a name that it does not know.
# https://keda.sh/docs/latest/scalers/apache-kafka/
KEDA_KAFKA = {
    "bootstrapServersFromEnv", "consumerGroupFromEnv", "topicFromEnv", "lagThreshold", "offsetResetPolicy",
    "allowIdleConsumers", "version", "sasl", "tls",
}  # fmt: skip


def test_keda_looks_where_the_workers_read(manifests: Manifests, tmp_path: Path) -> None:
    (trigger,) = manifests.one("ScaledObject")["spec"]["triggers"]
    metadata = trigger["metadata"]
    assert metadata.keys() <= KEDA_KAFKA
    assert int(metadata["lagThreshold"]) > 0
    assert all(isinstance(value, str) for value in metadata.values())
    from_settings = {name: value for name, value in metadata.items() if name.endswith("FromEnv")}
    assert from_settings == {
        "bootstrapServersFromEnv": "PAGESIEVE_KAFKA_BOOTSTRAP_SERVERS",
        "consumerGroupFromEnv": "PAGESIEVE_KAFKA_GROUP_ID",
        "topicFromEnv": "PAGESIEVE_RAW_TOPIC",
    }
    assert set(from_settings.values()) <= manifests.settings.keys()
    assert metadata["offsetResetPolicy"] == settings_of(manifests, tmp_path).kafka_auto_offset_reset


def test_there_are_never_more_workers_than_partitions() -> None:
    scaled = built("base").one("ScaledObject")["spec"]
    assert scaled["maxReplicaCount"] == DEFAULTS.topic_partitions
    # And KEDA itself stops at the partitions that it finds.
    assert scaled["triggers"][0]["metadata"]["allowIdleConsumers"] == "false"
    assert 1 <= scaled["minReplicaCount"] <= scaled["maxReplicaCount"]
    # What KEDA decides is not undone by applying the Deployment again.
    assert "replicas" not in built("base").one("Deployment")["spec"]


def test_with_a_password_keda_logs_in_as_the_workers_do(tmp_path: Path) -> None:
    manifests = built("example")
    settings = settings_of(manifests, tmp_path)
    (trigger,) = manifests.one("ScaledObject")["spec"]["triggers"]
    authentication = manifests.one("TriggerAuthentication")
    assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]
    assert settings.kafka_security_protocol == "SASL_SSL"
    assert trigger["metadata"]["tls"] == "enable"
    mechanism = (settings.kafka_sasl_mechanism or "").lower().replace("sha-", "sha").replace("-", "_")
    assert trigger["metadata"]["sasl"] == mechanism
    (user,) = authentication["spec"]["env"]
    (password,) = authentication["spec"]["secretTargetRef"]
    assert user["name"] in manifests.settings
    assert user["containerName"] == manifests.container["name"]
    file = Path(manifests.settings["PAGESIEVE_KAFKA_SASL_PASSWORD_FILE"])
    (volume,) = [item for item in manifests.pod["spec"]["volumes"] if item["name"] == "secrets"]
    assert (password["name"], password["key"]) == (volume["secret"]["secretName"], file.name)
