"""Has a real API server take manifests: `python server_check.py APISERVER CRD.yaml BUILT.yaml …`.

Each file is applied to a server of its own by server-side apply, strictly. The pods of each Deployment and StatefulSet are
made, too, so that the admission of the namespace (`restricted`) judges them. Nothing is scheduled or run.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

TOKEN = "check"
"""Of a server that lives for some seconds, on 127.0.0.1."""
PLURALS = {"NetworkPolicy": "networkpolicies"}
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}
PATIENCE = 120.0
"""Seconds for a server to get ready, and for it to know a new kind."""


class Server:
    """An API server with its etcd, in a folder of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port, etcd = free_port(), free_port()
        tokens, key = folder / "tokens.csv", folder / "key.pem"
        tokens.write_text(f'{TOKEN},admin,admin,"system:masters"\n')
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        url = f"http://127.0.0.1:{etcd}"
        options = {
            "etcd-servers": url,
            "secure-port": self.port,
            "bind-address": "127.0.0.1",
            "cert-dir": folder / "certificates",
            "token-auth-file": tokens,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": key,
            "service-account-signing-key-file": key,
            "service-cluster-ip-range": "10.96.0.0/16",
            "disable-admission-plugins": "ServiceAccount",  # nobody makes the account `default` of a namespace here
        }
        environment = {**os.environ, "ETCD_DIR": str(folder / "etcd"), "ETCD_URL": url}
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, *(f"--{name}={value}" for name, value in options.items())], stdout=log, stderr=log, env=environment
            )
        self._tls = ssl._create_unverified_context()  # it makes its own certificate

    def __enter__(self) -> Server:
        return self

    def wait(self) -> None:
        """Return when it is ready; exit if it never gets so."""
        until = time.monotonic() + PATIENCE
        while self.call("GET", "/readyz")[0] != 200:
            if self._process.poll() is not None or time.monotonic() > until:
                sys.exit(f"The API server does not get ready:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def apply(self, thing: Any) -> str | None:
        """None if the server took it, else why not."""
        kind, name = thing["kind"], thing["metadata"]["name"]
        plural = PLURALS.get(kind, f"{kind.lower()}s")
        namespace = "" if kind in CLUSTER_WIDE else f"namespaces/{thing['metadata'].get('namespace', 'inventory')}/"
        root = "/api/" if "/" not in thing["apiVersion"] else "/apis/"
        path = f"{root}{thing['apiVersion']}/{namespace}{plural}/{name}?fieldManager=check&fieldValidation=Strict&force=true"
        status, answer = self.call("PATCH", path, thing)
        return None if status in (200, 201) else f"{status} {answer}"

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status, 0 if nothing answers, and what the server says."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/apply-patch+yaml"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pod_of(thing: Any) -> Any:
    """A pod as a controller makes it from the template of a Deployment or StatefulSet."""
    template, name = thing["spec"]["template"], f"{thing['metadata']['name']}-pod"
    spec, claims = template["spec"], thing["spec"].get("volumeClaimTemplates", [])
    volumes = [{"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": "any"}} for each in claims]
    spec = {**spec, "volumes": [*spec.get("volumes", []), *volumes]}
    metadata = {**template["metadata"], "name": name, "namespace": thing["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def check(server: Server, crd: Any, things: list[Any]) -> list[str]:
    """Apply all of it; what was refused, and why."""
    ordered = sorted(things, key=lambda each: each["kind"] != "Namespace")
    pods = [pod_of(each) for each in things if each["kind"] in ("Deployment", "StatefulSet")]
    refused = []
    for each in [crd, *ordered, *pods]:
        until = time.monotonic() + PATIENCE
        while (why := server.apply(each)) and why.startswith("404 ") and time.monotonic() < until:
            time.sleep(0.5)  # the definition of its kind is not served yet
        if why:
            refused.append(f"{each['kind']} {each['metadata']['name']}: {why}")
    return refused


def main() -> None:
    """Exit with 1 if anything was refused."""
    program, crd, *built = sys.argv[1:]
    failed = False
    for file in built:
        things = [each for each in yaml.safe_load_all(Path(file).read_text()) if each]
        with tempfile.TemporaryDirectory() as folder, Server(program, Path(folder)) as server:
            server.wait()
            refused = check(server, yaml.safe_load(Path(crd).read_text()), things)
        told = refused or [f"{file}: an API server took {len(things)} objects and their pods"]
        sys.stdout.write("".join(f"{each}\n" for each in told))
        failed = failed or bool(refused)
    sys.exit(failed)


if __name__ == "__main__":
    main()
