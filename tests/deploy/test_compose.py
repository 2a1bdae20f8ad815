"""docker-compose.yml: valid, hardened, and every name in it leads somewhere."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.broker import broker_settings
from tests.deploy.compose import (
    COMPOSE_FILE,
    ROOT,
    Compose,
    UnsetError,
    example_values,
    mebibytes,
    seconds,
    variables,
)
from tests.deploy.image import stages
from worker.environment import load_settings
from worker.settings import PREFIX, Settings

pytestmark = pytest.mark.deploy

COMPOSE = Compose()
SERVICES = COMPOSE.services
OURS = ("topics", "worker", "demo")
# What the images bring, by repository: users of their own, and programs that health checks may call.
IMAGES = {
    "apache/kafka": {"users": {"appuser"}, "programs": {"/opt/kafka/bin/kafka-broker-api-versions.sh"}},
    "redis": {"users": {"redis"}, "programs": {"redis-cli"}},
    "prom/prometheus": {"users": {"nobody"}, "programs": {"wget"}},
    "grafana/grafana": {"users": {"grafana"}, "programs": {"wget"}},
}
# Set in the container, one for each worker, or not for a group of containers.
NOT_FROM_OUTSIDE = {"http_host", "http_port", "worker_slot", "kafka_transactional_id"}

each_service = pytest.mark.parametrize("name", SERVICES)


def schema() -> Any:
    package = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(package.read_text(encoding="utf-8"))


def test_it_holds_to_the_compose_specification() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert [error.message for error in validator.iter_errors(COMPOSE.document)] == []
    assert [error.message for error in validator.iter_errors(Compose(example_values()).document)] == []


def test_the_schema_sees_what_is_wrong() -> None:
    document = COMPOSE.document | {"services": {"worker": {"imagine": "pagesieve"}}}
    with pytest.raises(jsonschema.ValidationError, match="imagine"):
        jsonschema.Draft202012Validator(schema()).validate(document)


def test_every_value_can_be_set_and_the_example_tells_each_with_its_default() -> None:
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    found = set(variables(text))
    assert len(found) == len({name for name, _ in found}), "a variable has two defaults"
    assert dict(found) == example_values()


def test_the_example_changes_nothing_as_it_is() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    assert Compose(example_values()).document == COMPOSE.document


def test_variables_have_braces_and_defaults() -> None:
    for text in ("services: {a: {image: $IMAGE}}", "services: {a: {image: '${IMAGE}'}}"):
        with pytest.raises(UnsetError):
            Compose(text=text)


@pytest.mark.parametrize("name", OURS)
def test_our_services_get_settings_that_hold_together(name: str) -> None:
    settings = load_settings({**stages()[1].environment, **SERVICES[name].environment})
    assert settings.kafka_bootstrap_servers.partition(":")[0] in SERVICES
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value().partition("//")[2].partition(":")[0] in SERVICES


@pytest.mark.parametrize("name", OURS)
def test_every_setting_can_come_from_outside(name: str) -> None:
    given = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields.keys() - NOT_FROM_OUTSIDE}
    assert SERVICES[name].raw["environment"].keys() == given
    other = Compose({"PAGESIEVE_MIN_WORDS": "3", "PAGESIEVE_KAFKA_SASL_PASSWORD": "from .env"})
    environment = other.services[name].environment
    assert environment["PAGESIEVE_MIN_WORDS"] == "3"
    assert environment["PAGESIEVE_KAFKA_SASL_PASSWORD"] == "from .env"
    assert "PAGESIEVE_MIN_WORDS" not in SERVICES[name].environment


def test_no_password_is_baked_in() -> None:
    found = [
        (name, key, value)
        for name, service in SERVICES.items()
        for key, value in service.environment.items()
        if value and re.search("PASSWORD|SECRET|TOKEN|KEY", key)
    ]
    assert found == []


def test_grafana_has_an_admin_only_with_a_password() -> None:
    ini = (ROOT / "deploy" / "grafana" / "grafana.ini").read_text(encoding="utf-8")
    assert re.search(r"^disable_initial_admin_creation = true$", ini, re.MULTILINE)
    assert re.search(r"^org_role = Viewer$", ini, re.MULTILINE)
    name = "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"
    assert SERVICES["grafana"].environment[name] == ""  # Grafana passes empty values over
    chosen = Compose({"GRAFANA_ADMIN_PASSWORD": "chosen"}).services["grafana"].environment
    assert (chosen[name], chosen["GF_SECURITY_ADMIN_PASSWORD"]) == ("false", "chosen")


@each_service
def test_only_loopback_ports_are_published(name: str) -> None:
    for port in SERVICES[name].raw.get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)
    if name in OURS:
        assert "ports" not in SERVICES[name].raw


@each_service
def test_it_is_hardened(name: str) -> None:
    raw = SERVICES[name].raw
    assert raw["cap_drop"] == ["ALL"]
    assert raw["security_opt"] == ["no-new-privileges:true"]
    assert raw["read_only"] is (name != "kafka")  # its image writes below /opt/kafka
    assert not raw.get("privileged")
    assert "container_name" not in raw
    assert raw.get("user") in (None, *IMAGES.get(raw["image"].partition(":")[0], {}).get("users", ()))


@each_service
def test_it_starts_again_and_has_limits_and_a_health_check(name: str) -> None:
    raw = SERVICES[name].raw
    one_shot = name in {"topics", "demo"}
    assert raw["restart"] == ("no" if one_shot else "unless-stopped")
    if one_shot:
        assert raw["healthcheck"] == {"disable": True}
        return
    assert mebibytes(raw["deploy"]["resources"]["limits"]["memory"]) > 0
    if name == "worker":
        assert "healthcheck" not in raw  # the image's
        assert stages()[1].health_command
    else:
        kind, *words = raw["healthcheck"]["test"]
        line = words[0].split() if kind == "CMD-SHELL" else words
        program = next(word for word in line if "=" not in word)
        assert program in IMAGES[raw["image"].partition(":")[0]]["programs"]


@each_service
def test_images_have_a_version(name: str) -> None:
    repository, _, tag = SERVICES[name].raw["image"].partition(":")
    if name in OURS:
        assert repository == "pagesieve"
    else:
        assert repository in IMAGES
        assert re.search(r"\d+\.\d+", tag)


def test_one_service_builds_the_image_and_the_others_wait_for_it() -> None:
    builders = {name for name, service in SERVICES.items() if "build" in service.raw}
    assert builders == {"topics"}
    assert SERVICES["topics"].raw["build"]["dockerfile"] == "deploy/Dockerfile"
    for name in set(OURS) - builders:
        raw = SERVICES[name].raw
        assert raw["image"] == SERVICES["topics"].raw["image"]
        assert raw["pull_policy"] == "never"
        assert "topics" in raw["depends_on"]


def test_kafka_is_of_the_version_that_the_tests_run() -> None:
    pom = (ROOT / "tests" / "servers" / "pom.xml").read_text(encoding="utf-8")
    (version,) = re.findall(r"<artifactId>kafka_2.13</artifactId>\s*<version>([^<]+)<", pom)
    assert SERVICES["kafka"].raw["image"] == f"apache/kafka:{version}"


@each_service
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].raw.get("volumes", ()):
        source, _, target = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert target.endswith(":ro")
        else:
            assert source in COMPOSE.document["volumes"]


@each_service
def test_it_waits_for_services_by_condition(name: str) -> None:
    for other, how in SERVICES[name].raw.get("depends_on", {}).items():
        raw = SERVICES[other].raw
        if how["condition"] == "service_completed_successfully":
            assert raw["restart"] == "no"
        elif how["condition"] == "service_healthy":
            assert "test" in raw["healthcheck"]
        else:
            assert (other, how["condition"]) == ("redis", "service_started"), "Redis is only a cache"


def test_a_worker_comes_in_any_number() -> None:
    raw = SERVICES["worker"].raw
    assert not {"container_name", "ports", "hostname"} & raw.keys()
    assert int(Compose({"WORKERS": "5"}).services["worker"].raw["deploy"]["replicas"]) == 5
    limits = raw["deploy"]["resources"]["limits"]
    settings = load_settings(SERVICES["worker"].environment)
    assert float(limits["cpus"]) >= settings.children
    assert mebibytes(limits["memory"]) >= 384 + settings.children * (settings.child_memory_mb + 128)


def test_a_worker_has_time_to_finish() -> None:
    for environ in ({}, {"PAGESIEVE_STOP_GRACE": "90", "PAGESIEVE_DRAIN_TIMEOUT": "60"}):
        service = Compose(environ).services["worker"]
        settings = load_settings(service.environment)
        assert seconds(service.raw["stop_grace_period"]) == settings.stop_grace
        assert settings.stop_grace - settings.drain_timeout >= 20  # to close the pool and to leave the group


def test_redis_has_room_for_what_it_may_hold() -> None:
    flags = SERVICES["redis"].command
    held = mebibytes(flags[flags.index("--maxmemory") + 1])
    assert mebibytes(SERVICES["redis"].raw["deploy"]["resources"]["limits"]["memory"]) >= 1.5 * held
    assert not SERVICES["redis"].raw.get("volumes")


def test_kafka_keeps_its_data_in_its_volume_and_has_room() -> None:
    service = SERVICES["kafka"]
    settings = broker_settings(service.environment)
    (volume,) = service.raw["volumes"]
    assert volume == f"kafka-data:{settings['log.dirs']}"
    listeners = {entry.partition(":")[0] for entry in settings["listeners"].split(",")}
    mapped = {entry.partition(":")[0] for entry in settings["listener.security.protocol.map"].split(",")}
    assert listeners == mapped
    assert settings["inter.broker.listener.name"] in listeners
    (published,) = service.raw["ports"]
    assert f"HOST://:{published.rpartition(':')[2]}" in settings["listeners"]
    assert f"HOST://localhost:{published.split(':')[1]}" in settings["advertised.listeners"]
    heap = re.findall(r"-Xmx(\w+)", service.environment["KAFKA_HEAP_OPTS"])[0]
    assert mebibytes(service.raw["deploy"]["resources"]["limits"]["memory"]) >= 2 * mebibytes(heap)


def test_prometheus_finds_the_workers() -> None:
    path = ROOT / "deploy" / "prometheus" / "prometheus.yml"
    (scrape,) = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    (discovery,) = scrape["dns_sd_configs"]
    port = stages()[1].environment["PAGESIEVE_HTTP_PORT"]
    assert (discovery["names"], discovery["type"]) == (["worker"], "A")
    assert str(discovery["port"]) == port
    assert SERVICES["worker"].raw["expose"] == [port]
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["prometheus"].raw["volumes"])
    assert mounted["./deploy/prometheus/prometheus.yml"] in " ".join(SERVICES["prometheus"].command)
    assert Path(mounted["./deploy/prometheus/rules"]).parent == Path("/etc/prometheus")


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text("utf-8"))[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards/pagesieve.yml").read_text("utf-8"))["providers"]
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert f"--web.listen-address=:{port}" in SERVICES[host].command
    mounted = {
        target: source for source, target, *_ in (v.split(":") for v in SERVICES["grafana"].raw["volumes"])
    }
    assert mounted["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    assert (ROOT / mounted[provider["options"]["path"]] / "pagesieve.json").is_file()
    ini = (ROOT / "deploy" / "grafana" / "grafana.ini").read_text(encoding="utf-8")
    assert f"default_home_dashboard_path = {provider['options']['path']}/pagesieve.json" in ini
