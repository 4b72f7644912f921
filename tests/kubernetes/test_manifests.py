"""`deploy/kubernetes`: what the manifests say agrees with the programs and the address guard; `check` does the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.config import DECLARATIONS, Settings
from inventory.http_client import guard
from inventory.jobs import claimed_batch
from inventory.ops import dashboard, health, metrics
from inventory.services import Services
from inventory.setting_texts import PREFIX
from inventory.watches.rounds import composing
from inventory.webhooks import delivering
from tests.conftest import Build

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
OURS = ("api", "worker", "scheduler", "dashboard")
OTHER_VARIABLES = {"TMPDIR", "AWS_REGION", "AWS_ACCESS_KEY_ID"}
"""Variables of the settings that Python and the client of S3 read."""


def objects(folder: str) -> Iterator[Any]:
    """All objects of a folder's manifests, but for kustomizations and patches."""
    for file in sorted((FOLDER / folder).glob("*.yaml")):
        yield from (each for each in yaml.safe_load_all(file.read_text()) if isinstance(each, dict) and "kind" in each)


def found(folder: str, kind: str, name: str) -> Any:
    [one] = [each for each in objects(folder) if each["kind"] == kind and each.get("metadata", {}).get("name") == name]
    return one


def deployment(name: str) -> Any:
    return found("components/dashboard" if name == "dashboard" else "base", "Deployment", name)


def container(name: str) -> Any:
    [one] = deployment(name)["spec"]["template"]["spec"]["containers"]
    return one


def variables(folder: str) -> dict[str, str]:
    [kustomization] = [each for each in objects(folder) if each["kind"] == "Kustomization"]
    [generator] = kustomization["configMapGenerator"]
    return dict(each.split("=", 1) for each in generator["literals"])


def pod_specs() -> Iterator[tuple[str, Any]]:
    for folder in ("base", "components/dashboard", "overlays/small", "overlays/large"):
        for each in objects(folder):
            if each["kind"] in ("Deployment", "StatefulSet"):
                yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("folder", ["base", "overlays/small", "overlays/large"])
def test_every_variable_is_a_setting(folder: str) -> None:
    settings = {f"{PREFIX}{each.upper()}{suffix}" for each in DECLARATIONS for suffix in ("", "_FILE")}

    assert set(variables(folder)) <= settings | OTHER_VARIABLES


@pytest.mark.parametrize("overlay", ["small", "large"])
def test_the_settings_are_read_by_the_programs(overlay: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "store-url").write_text("mongodb://inventory:secret@mongo:27017/inventory?replicaSet=rs0&authSource=admin\n")
    (tmp_path / "redis-password").write_text("of redis")
    (tmp_path / "files-secret").write_text("of s3")
    for name, value in (variables("base") | variables(f"overlays/{overlay}")).items():
        monkeypatch.setenv(name, value.replace("/credentials", str(tmp_path)))

    settings = Settings.read()

    assert settings.store.startswith("mongodb://inventory:secret@mongo")
    assert settings.redis.startswith("redis://:of%20redis@redis")
    assert settings.files.startswith("file:///files" if overlay == "small" else "s3://")
    assert settings.hosts.admit("api.inventory.svc:8000")
    assert settings.mode == "keys"


def test_a_pod_has_longer_to_end_than_any_claim_lasts() -> None:
    deadline = variables("base").get("INVENTORY_FETCH_DEADLINE")
    collection = Settings(**({} if deadline is None else {"fetch_deadline": float(deadline)})).lease
    others = (claimed_batch.LEASE, delivering.LEASE, composing.LEASE)
    longest = {"api": timedelta(seconds=collection), "worker": max(timedelta(seconds=collection), *others)}
    longest["scheduler"] = longest["worker"]

    for name, claim in longest.items():
        sleep = re.search(r"sleep\((\d+)\)", str(container(name).get("lifecycle")))
        grace = deployment(name)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert timedelta(seconds=grace - int(sleep[1] if sleep else 0)) > claim, name


def test_the_deadline_of_a_fetch_is_set_in_the_base_alone() -> None:
    assert not [each for each in ("small", "large") if "INVENTORY_FETCH_DEADLINE" in variables(f"overlays/{each}")]


def test_probes_ask_what_the_programs_answer() -> None:
    paths = {str(rule) for rule in ("/healthz", "/readyz")}
    source = Path(health.__file__).read_text()
    assert all(f'"{path}"' in source for path in paths)
    for name in ("api", "dashboard"):
        one = container(name)
        probes = [one[each]["httpGet"] for each in ("startupProbe", "livenessProbe", "readinessProbe") if each in one]
        assert {each["path"] for each in probes} == (paths if name == "api" else {dashboard.HEALTH})
        assert {each["port"] for each in probes} == {"http"}
        assert all(each["httpHeaders"] == [{"name": "Host", "value": "localhost"}] for each in probes)
        assert container("api")["livenessProbe"]["httpGet"]["path"] == "/healthz"  # a store that is away restarts nothing


@pytest.mark.parametrize("name", ["worker", "scheduler"])
def test_heartbeats_are_looked_at_as_by_docker_compose(name: str) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][name]["healthcheck"]["test"][1:]
    one = container(name)

    assert one["livenessProbe"]["exec"]["command"] == compose
    assert one["startupProbe"]["exec"]["command"] == compose
    assert one["startupProbe"]["periodSeconds"] * one["startupProbe"]["failureThreshold"] == 30 * 60


def test_programs_are_started_as_by_docker_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    for name in OURS:
        assert container(name).get("command") == compose[name.replace("dashboard", "rq-dashboard")].get("command")
        assert container(name)["image"] == "inventory"
        assert container(name)["envFrom"] == [{"configMapRef": {"name": "settings"}}]
    assert container("api")["ports"] == [{"name": "http", "containerPort": Settings().port}]
    assert container("dashboard")["ports"] == [{"name": "http", "containerPort": Settings().dashboard_port}]


@pytest.mark.parametrize(("name", "spec"), list(pod_specs()))
def test_pods_have_no_rights_and_bounds_for_memory(name: str, spec: Any) -> None:
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    for each in spec["containers"]:
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(each["resources"]["requests"])
        assert "memory" in each["resources"]["limits"]
        mounted = {mount["name"] for mount in each["volumeMounts"]}
        claimed = {"data"} if name == "mongo" else set()
        assert mounted <= {volume["name"] for volume in spec["volumes"]} | claimed


def test_the_programs_write_only_where_a_volume_is() -> None:
    for name in OURS:
        mounts = {each["mountPath"] for each in container(name)["volumeMounts"]}
        assert {variables("base")["TMPDIR"], variables("base")["INVENTORY_DATA_DIR"]} <= mounts


def test_selectors_and_budgets_find_their_pods() -> None:
    for name in OURS:
        labels = {"app.kubernetes.io/name": name}
        one = deployment(name)["spec"]
        assert one["selector"]["matchLabels"] == one["template"]["metadata"]["labels"] == labels
    for name in ("api", "worker"):
        budget = found("base", "PodDisruptionBudget", name)["spec"]
        assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
        assert budget["maxUnavailable"] == 1  # so that a node with the only pod can be drained


def test_the_second_wall_has_the_ranges_of_the_address_guard() -> None:
    policy = found("base", "NetworkPolicy", "public-addresses")["spec"]
    [rule] = policy["egress"]
    four, six = (each["ipBlock"] for each in rule["to"])
    forbidden_6 = [network for network, _ in guard._FORBIDDEN_6 if network.subnet_of(guard._GLOBAL_6)]

    assert policy["podSelector"]["matchExpressions"][0]["values"] == ["api", "worker"]
    assert four["cidr"] == "0.0.0.0/0"
    assert {ip_network(each) for each in four["except"]} == {network for network, _ in guard._FORBIDDEN_4}
    assert ip_network(six["cidr"]) == guard._GLOBAL_6
    assert {ip_network(each) for each in six["except"]} == set(forbidden_6)
    assert rule["ports"] == [{"protocol": "TCP"}]


def test_nothing_else_opens_a_network() -> None:
    """But for single addresses of databases, and of names in the cluster."""
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert found("base", "NetworkPolicy", "deny-all-else")["spec"] == everything
    for folder in ("base", "components/dashboard", "overlays/small", "overlays/large"):
        for policy in objects(folder):
            if policy["kind"] != "NetworkPolicy" or policy["metadata"]["name"] == "public-addresses":
                continue
            for rule in policy["spec"].get("egress", []):
                blocks = [ip_network(each["ipBlock"]["cidr"]) for each in rule["to"] if "ipBlock" in each]
                assert all(each.num_addresses == 1 for each in blocks), policy["metadata"]["name"]
                assert rule["ports"]


def test_files_named_by_kustomizations_are_there_and_no_others() -> None:
    for file in FOLDER.rglob("kustomization.yaml"):
        kustomization = yaml.safe_load(file.read_text())
        patches = [each["path"] for each in kustomization.get("patches", [])]
        named = [*kustomization.get("resources", []), *kustomization.get("components", []), *patches]
        assert all((file.parent / each).exists() for each in named), file
        beside = {each.name for each in file.parent.glob("*.yaml")} - {file.name}
        assert beside == {each for each in named if "/" not in each}


def test_mongodb_has_the_c_library_set_as_by_docker_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["mongo"]["environment"]
    [mongo] = [each for name, spec in pod_specs() if name == "mongo" for each in spec["containers"] if each["name"] == name]

    assert {"name": "GLIBC_TUNABLES", "value": compose["GLIBC_TUNABLES"]} in mongo["env"]


def test_images_are_those_of_docker_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    [kustomization] = [each for each in objects("overlays/small") if each["kind"] == "Kustomization"]
    [base] = [each for each in objects("base") if each["kind"] == "Kustomization"]

    for each in kustomization["images"]:
        assert compose[each["name"]]["image"] == f"{each['name']}:{each['newTag']}"
    [image] = base["images"]
    assert f"{image['name']}:{image['newTag']}" in compose["api"]["image"]


def test_workers_are_scaled_by_a_metric_that_there_is(make_services: Build, services: Services) -> None:
    scaled = found("overlays/large", "ScaledObject", "worker")["spec"]
    [trigger] = scaled["triggers"]
    name = re.search(r"inventory_\w+", trigger["metadata"]["query"])

    assert scaled["scaleTargetRef"]["name"] == deployment("worker")["metadata"]["name"]
    assert name
    assert name[0].encode() in metrics.exposition(services)[0]
    assert scaled["minReplicaCount"] >= 1  # jobs, watches and webhooks are not counted
