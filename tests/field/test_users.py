"""Whose user runs: the chart's where nothing shows a need of another, and what a choice of the values changes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object, container, environment, pod_spec
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, deployment, engine, one, pod
from tests.support import Render, Say

RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
DEFAULT_RIGHTS = {"allowPrivilegeEscalation": False}
SECCOMP = {"seccompProfile": {"type": "RuntimeDefault"}}
SYSCTL = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}


def host(path: str, mount: str, **fields: Any) -> dict[str, Any]:
    """A directory of the node mounted into the engine."""
    volume = {"name": "v", "hostPath": {"path": path}}
    return {"volumes": [volume], "volumeMounts": [{"name": "v", "mountPath": mount, **fields}]}


def nfs(mount: str, **fields: Any) -> dict[str, Any]:
    volume = {"name": "v", "nfs": {"server": "nfs.example.com", "path": "/x", **fields}}
    return {"volumes": [volume], "volumeMounts": [{"name": "v", "mountPath": mount}]}


def variable(name: str, value: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value}]}


SIGNS: dict[str, tuple[dict[str, Any], str]] = {
    "privileged": ({"securityContext": {"privileged": True}}, "securityContext.privileged gives only root"),
    "capability": ({"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}, "capabilities (SYS_PTRACE)"),
    "device-of-the-node": (host("/dev/dri", "/dev/dri"), "devices of the node (/dev/dri)"),
    "all-devices": (host("/dev", "/dev"), "devices of the node (/dev)"),
    "below-root": (host("/srv", "/root/.cache/huggingface"), "only root can access /root/.cache/huggingface"),
    "variable-below-root": (variable("HF_HOME", "/root/.cache/huggingface"), "only root can access /root/.cache"),
    "argument-below-root": ({"args": ["--download-dir=/root/models"]}, "only root can access /root/models"),
    "program-below-root": ({"engine": "vllm", "command": ["/root/venv/bin/vllm", "serve"]}, "/root/venv/bin/vllm"),
    "pip": ({"command": ["bash", "-c", "pip install x && vllm serve org/m"]}, "(pip install)"),
    "pip-module": ({"command": ["bash", "-c", "python3 -m pip install -U x; vllm serve org/m"]}, "(pip install)"),
    "uv": ({"command": ["bash", "-c", "uv pip install --system x\nvllm serve org/m"]}, "(uv pip install)"),
    "apt": ({"command": ["sh", "-c", "apt-get -y update; vllm serve org/m"]}, "(apt-get -y update)"),
    "apk": ({"command": ["sh", "-c", "apk add --no-cache git && vllm serve org/m"]}, "(apk add)"),
    "dnf": ({"command": ["sh", "-c", "/usr/bin/dnf install -y git && vllm serve org/m"]}, "(dnf install)"),
    "post-start": (
        {"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "apt-get install -y curl"]}}}},
        "(apt-get install)",
    ),
    "sysctl": ({"command": ["sh", "-c", "echo 1 > /proc/sys/vm/x; vllm serve org/m"]}, "(> /proc/sys/vm/x)"),
    "cache-on-the-node": ({**host("/data", "/models"), **variable("HF_HOME", "/models/.cache")}, "node at /models"),
    "cache-by-its-path": (host("/data", "/mnt/huggingface"), "the directory of the node at /mnt/huggingface"),
    "downloads-on-the-node": ({**host("/data", "/m"), "args": ["--download-dir", "/m"]}, "of the node at /m,"),
    "script-on-the-node": (
        {**host("/data", "/m"), "command": ["sh", "-c", "hf download org/m --local-dir /m/org && vllm serve /m/org"]},
        "of the node at /m,",
    ),
    "cache-in-the-image": (variable("HF_HOME", "/workspace/hf"), "nothing is mounted at /workspace/hf, which"),
    "kernels-in-the-image": (
        {**nfs("/data", readOnly=True), **variable("TRITON_CACHE_DIR", "/database/t")},
        "nothing is mounted at /database/t, which",
    ),
    "downloads-in-the-image": ({"args": ["--download-dir", "/data"]}, "nothing is mounted at /data, which"),
    "cache-of-a-script": (
        {"command": ["sh", "-c", "export HF_HOME=${HF_HOME:-/workspace/hf}; exec vllm serve org/m"]},
        "nothing is mounted at /workspace/hf, which",
    ),
    "file-of-a-script": (
        {"command": ["sh", "-c", "echo -e 'a: 1 > 0.5' > c.yaml && exec trtllm-serve org/m --config c.yaml"]},
        "nothing is mounted at c.yaml, which",
    ),
    "directory-of-a-script": (
        {"command": ["bash", "-c", "mkdir -p /var/log/vllm; vllm serve org/m 2>&1 | tee -a /var/log/vllm/out.log"]},
        "nothing is mounted at /var/log/vllm, /var/log/vllm/out.log, which",
    ),
    "disk-of-a-cache": (variable("LMCACHE_LOCAL_DISK", "file:///local/kv"), "nothing is mounted at /local/kv, which"),
    "download-of-a-script": (
        {"command": ["sh", "-c", "curl -L -o /models/m https://x.example/m && vllm serve /models/m"]},
        "nothing is mounted at /models/m, which",
    ),
    "models-of-a-script": (
        {"command": ["bash", "-c", "hf download org/m --local-dir /models/m && vllm serve /models/m"]},
        "nothing is mounted at /models/m, which",
    ),
    "cache-on-nfs": ({**nfs("/cache"), **variable("HF_HOME", "/cache/hf")}, "NFS share at /cache"),
}


@pytest.mark.parametrize(("fields", "sign"), SIGNS.values(), ids=SIGNS)
def test_a_sign_that_root_is_needed_keeps_the_images_user(
    render: Render, notes: Say, fields: dict[str, Any], sign: str
) -> None:
    rendered = render(one(**fields))
    assert pod(rendered)["securityContext"] == SECCOMP
    assert engine(rendered)["securityContext"].get("readOnlyRootFilesystem") is None
    assert "HOME" not in environment(engine(rendered))
    (line,) = [each for each in notes(one(**fields)).splitlines() if sign in each]
    assert "so this engine runs as its image's user; to run it restricted, " in line


@pytest.mark.parametrize("name", ["pip", "apt", "cache-on-the-node", "cache-on-nfs"])
def test_roots_own_capabilities_stay_where_files_of_others_are_written(render: Render, name: str) -> None:
    fields, _ = SIGNS[name]
    assert engine(render(one(**fields)))["securityContext"] == DEFAULT_RIGHTS
    custom = one(**{"engine": "custom", "image": "x:1", **fields})
    assert engine(render(custom))["securityContext"] == DEFAULT_RIGHTS


NO_SIGNS: dict[str, dict[str, Any]] = {
    "bind-service": {"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}},
    "shared-memory-of-the-node": host("/dev/shm", "/dev/shm"),
    "read-only-directory": {**host("/data", "/models", readOnly=True), "args": ["--download-dir", "/models"]},
    "read-only-share": nfs("/cache/huggingface", readOnly=True),
    "model-on-the-node": {**host("/data", "/models"), "modelName": "/models/qwen"},
    "model-by-flag": {**host("/data", "/m"), "engine": "llama-cpp", "args": ["-m", "/m/a.gguf", "--mmproj=/m/b.gguf"]},
    "time-zone": host("/etc/localtime", "/etc/localtime"),
    "resembles-root": {"args": ["--root-path", "/data/root"], **variable("A", "/rooted:/home/root/x")},
    "cache-on-a-claim": {
        "persistentVolumes": [{"name": "v", "size": "1Gi", "mountPath": "/data/"}],
        "args": ["--download-dir", "/data/m"],
        **variable("HF_HOME", "/data"),
    },
    "cache-in-tmp": {"args": ["--download-dir=/tmp/m"], **variable("HF_HOME", "/tmp")},
    "what-is-in-the-image-is-read": {
        "env": [{"name": "HF_HOME", "value": "/opt/hf"}, {"name": "HF_HUB_OFFLINE", "value": "1"}]
    },
    "offline": {**variable("HF_HUB_CACHE", "/opt/hf"), "hub": {"offline": True}},
    "nobody-writes": {**variable("HF_HOME", "/opt/hf"), "securityContext": {"readOnlyRootFilesystem": True}},
    "file-where-the-script-works": {
        "command": ["sh", "-c", "echo 'model: org/m' > c.yaml && vllm serve --config c.yaml"],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "volumeMounts": [{"name": "v", "mountPath": "/work"}],
        "podSpec": {"containers": [{"name": "a", "workingDir": "/work"}]},
    },
    "programs": variable("CUDA_HOME", "/usr/local/cuda"),
    "files-of-a-script": {
        "command": [
            "sh",
            "-c",
            "cd /tmp; echo a > b.txt 2>/dev/null; [ 2 -gt 1 ] && exec vllm serve org/m > /dev/stderr",
        ]
    },
    "an-argument-about-pip": {"args": ["--served-model-name", "pip-installer"]},
    "a-script": {"command": ["sh", "-c", "ulimit -n 65536; exec vllm serve org/m --root-path /pip"]},
    "claim": {"persistentVolumes": [{"name": "cache", "size": "1Gi", "mountPath": "/cache"}]},
}


@pytest.mark.parametrize("fields", NO_SIGNS.values(), ids=NO_SIGNS)
def test_other_values_keep_the_pod_restricted(render: Render, notes: Say, fields: dict[str, Any]) -> None:
    rendered = render(one(**fields))
    assert pod(rendered)["securityContext"]["runAsUser"] == 10001
    assert engine(rendered)["securityContext"]["readOnlyRootFilesystem"] is True
    assert "image's user" not in notes(one(**fields))


def kept(render: Render, fields: dict[str, Any]) -> Object:
    """The pod's security context, where all else is as without the choice of a user."""
    rendered = render(one(**fields))
    plain = render(one())
    assert environment(engine(rendered)) == environment(engine(plain))
    assert engine(rendered)["volumeMounts"] == engine(plain)["volumeMounts"]
    assert engine(rendered)["securityContext"]["readOnlyRootFilesystem"] is True
    context: Object = pod(rendered)["securityContext"]
    assert context["runAsNonRoot"] is True
    return context


@pytest.mark.parametrize("uid", [1000, 2000])
def test_another_uid_changes_the_uid_and_nothing_else(render: Render, uid: int) -> None:
    context = kept(render, {"podSecurityContext": {"runAsUser": uid}})
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (uid, 10001, 10001)


@pytest.mark.parametrize("context", [{"runAsUser": 1000}, {"runAsNonRoot": True}])
def test_an_image_that_another_user_writes_to_is_writable(render: Render, context: dict[str, Any]) -> None:
    fields = {"podSecurityContext": context, **variable("HF_HOME", "/app/cache")}
    assert "readOnlyRootFilesystem" not in engine(render(one(**fields)))["securityContext"]
    assert (
        pod(render(one(**fields)))["securityContext"] == pod(render(one(podSecurityContext=context)))["securityContext"]
    )


def test_a_uid_of_the_container_changes_only_that(render: Render) -> None:
    context = kept(render, {"securityContext": {"runAsUser": 2000, "runAsGroup": 0}})
    assert (context["runAsUser"], context["fsGroup"]) == (10001, 10001)


@pytest.mark.parametrize("place", ["podSecurityContext", "securityContext"])
def test_run_as_non_root_alone_takes_only_the_fixed_uid_away(render: Render, place: str) -> None:
    context = kept(render, {place: {"runAsNonRoot": True}})
    assert context["fsGroup"] == 10001
    assert not {"runAsUser", "runAsGroup"} & {*context}


def test_openshift_chooses_the_users_of_its_example(render: Render) -> None:
    rendered = render(ROOT / "examples" / "openshift.yaml")
    specs = [pod_spec(each) for kind in ("Deployment", "Job") for each in rendered.kind(kind)]
    assert len(specs) == 3
    for spec in specs:
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & {*spec["securityContext"]}
    assert environment(engine(rendered, "chat"))["HOME"] == "/home/engine"
    assert engine(rendered, "chat")["securityContext"] == {**RESTRICTED, "readOnlyRootFilesystem": True}


def test_a_uid_of_null_outweighs_the_signs_of_an_init_container(render: Render) -> None:
    context = init(render, INSTALLING["pip"], podSecurityContext={"runAsUser": None})["securityContext"]
    assert "runAsUser" not in context


@pytest.mark.parametrize("name", ["privileged", "pip", "below-root", "cache-on-the-node"])
def test_a_uid_of_the_values_outweighs_a_sign(render: Render, notes: Say, name: str) -> None:
    fields = {**SIGNS[name][0], "podSecurityContext": {"runAsUser": 1000}}
    rendered = render(one(**fields))
    assert pod(rendered)["securityContext"]["runAsUser"] == 1000
    assert environment(engine(rendered))["HOME"] == "/home/engine"
    assert "image's user" not in notes(one(**fields))


def init(render: Render, fields: dict[str, Any], **group: Any) -> Object:
    """The init container with these fields."""
    rendered = render(one(initContainers=[{"name": "i", "image": "x:1", **fields}], **group))
    return container(deployment(rendered), "i")


def test_an_init_container_has_a_home_and_its_images_root_is_writable(render: Render) -> None:
    found = init(render, {"args": ["s3", "sync", "s3://models", "/models"]})
    assert found["securityContext"] == RESTRICTED
    assert found["env"] == [{"name": "HOME", "value": "/home/engine"}]
    assert [each["mountPath"] for each in found["volumeMounts"]] == ["/home/engine", "/tmp"]


def test_an_init_container_of_the_engines_image_is_as_the_engine(render: Render) -> None:
    found = init(render, {"image": "vllm/vllm-openai:v0"}, image="vllm/vllm-openai", tag="v0")
    assert found["securityContext"] == {**RESTRICTED, "readOnlyRootFilesystem": True}


def test_a_home_of_an_init_container_is_its_own(render: Render) -> None:
    found = init(render, {"env": [{"name": "HOME", "value": "/mine"}]})
    assert found["env"] == [{"name": "HOME", "value": "/mine"}]


INSTALLING: dict[str, dict[str, Any]] = {
    "pip": {"command": ["/bin/sh", "-ec"], "args": ["pip install huggingface_hub && hf download a/b a.gguf"]},
    "apt": {"command": ["sh", "-c", "apt-get update && apt-get install -y curl"]},
    "apk": {"command": ["apk", "add", "curl"]},
    "chown": {"command": ["chown", "-R", "1000:1000", "/models"]},
    "sysctl": {"command": ["sysctl", "-w", "vm.max_map_count=262144"], "securityContext": {"privileged": True}},
    "privileged": {"securityContext": {"privileged": True}},
    "capability": {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}},
    "below-root": {"volumeMounts": [{"name": "v", "mountPath": "/root/.aws"}]},
    "may-be-root": {"securityContext": {"runAsNonRoot": False}},
    "directory-of-the-node": {"volumeMounts": [{"name": "v", "mountPath": "/models"}]},
}
ON_THE_NODE = {"volumes": [{"name": "v", "hostPath": {"path": "/data"}}]}


@pytest.mark.parametrize("fields", INSTALLING.values(), ids=INSTALLING)
def test_an_init_container_that_needs_root_is_root(render: Render, notes: Say, fields: dict[str, Any]) -> None:
    context = init(render, fields, **ON_THE_NODE)["securityContext"]
    assert (context["runAsUser"], context["runAsNonRoot"]) == (0, False)
    assert "readOnlyRootFilesystem" not in context
    each = {"name": "i", "image": "x:1", **fields}
    assert "so i runs as root; to run it restricted, " in notes(one(initContainers=[each], **ON_THE_NODE))
    assert pod(render(one(initContainers=[each], **ON_THE_NODE)))["securityContext"]["runAsUser"] == 10001


@pytest.mark.parametrize("name", ["pip", "apt", "chown", "directory-of-the-node"])
def test_an_init_container_of_root_keeps_its_capabilities(render: Render, name: str) -> None:
    assert "capabilities" not in init(render, INSTALLING[name], **ON_THE_NODE)["securityContext"]
    custom = {"engine": "custom", "image": "y:1", **ON_THE_NODE}
    assert init(render, INSTALLING[name], **custom)["securityContext"] == DEFAULT_RIGHTS


def test_an_init_container_that_chooses_root_may_be_root(render: Render, notes: Say) -> None:
    fields = {**INSTALLING["chown"], "securityContext": {"runAsUser": 0}}
    assert init(render, fields)["securityContext"] == {**DEFAULT_RIGHTS, "runAsUser": 0, "runAsNonRoot": False}
    assert "env" not in init(render, fields)
    assert "runs as root" not in notes(one(initContainers=[{"name": "i", "image": "x:1", **fields}]))


@pytest.mark.parametrize("place", ["podSecurityContext", "securityContext"])
def test_a_gateway_of_root_may_be_root(render: Render, place: str) -> None:
    spec = pod_spec(render({"onwards": {place: {"runAsUser": 0}}})["Deployment", f"{FULLNAME}-onwards"])
    assert "runAsNonRoot" not in spec["securityContext"]


@pytest.mark.parametrize("group", [{"podSecurityContext": {"runAsUser": 1000}}, {"engine": "custom", "image": "y:1"}])
def test_an_init_containers_user_follows_a_pod_without_the_charts(render: Render, group: dict[str, Any]) -> None:
    assert "runAsUser" not in init(render, INSTALLING["pip"], **group)["securityContext"]


def sysctls(render: Render, kubernetes: str = "1.34.0", **fields: Any) -> list[Object]:
    rendered = render(one(engine="custom", image="x:1", **fields), kube_version=kubernetes)
    found: list[Object] = pod(rendered)["securityContext"].get("sysctls", [])
    return found


def test_a_low_port_is_opened_for_every_user(render: Render) -> None:
    assert sysctls(render, containerPort=80) == [SYSCTL]
    assert sysctls(render, additionalPorts=[{"name": "dns", "containerPort": 53, "protocol": "UDP"}]) == [SYSCTL]
    assert sysctls(render, containerPort=1024) == []
    assert sysctls(render, "1.21.0", containerPort=80) == []


def test_a_sysctl_of_the_values_stays(render: Render) -> None:
    own = {"name": SYSCTL["name"], "value": "79"}
    other = {"name": "net.ipv4.tcp_syncookies", "value": "1"}
    assert sysctls(render, containerPort=80, podSecurityContext={"sysctls": [own]}) == [own]
    assert sysctls(render, containerPort=80, podSecurityContext={"sysctls": [other]}) == [other, SYSCTL]


def test_a_low_port_of_the_gateway_is_opened_too(render: Render) -> None:
    spec = pod_spec(render({"onwards": {"containerPort": 80}})["Deployment", f"{FULLNAME}-onwards"])
    assert spec["securityContext"]["sysctls"] == [SYSCTL]
    assert "sysctls" not in pod_spec(render()["Deployment", f"{FULLNAME}-onwards"])["securityContext"]


TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
READERS: dict[str, dict[str, Any]] = {
    "file": {"command": ["bash", "-c", f"cp {TOKEN}/ca.crt /tmp && vllm serve org/m"]},
    "program": {"initContainers": [{"name": "i", "image": "x:1", "command": ["kubectl", "get", "pods"]}]},
    "program-in-a-script": {"containers": [{"name": "i", "image": "x:1", "args": ["-c", "sleep 1; kubectl get pods"]}]},
    "annotation": {"podAnnotations": {"vault.hashicorp.com/agent-inject": "true"}},
}


@pytest.mark.parametrize("fields", READERS.values(), ids=READERS)
def test_what_reads_the_accounts_token_gets_it(render: Render, fields: dict[str, Any]) -> None:
    assert pod(render(one(**fields)))["automountServiceAccountToken"] is True


def test_an_account_of_ones_own_says_itself_whether_its_token_is_mounted(render: Render) -> None:
    account = {"create": False, "name": "router"}
    assert "automountServiceAccountToken" not in pod(render(one(serviceAccount=account)))
    kept = render(one(serviceAccount=account, podSpec={"automountServiceAccountToken": False}))
    assert pod(kept)["automountServiceAccountToken"] is False


@pytest.mark.parametrize("account", [{"create": False}, {"name": "mine"}], ids=str)
def test_another_account_has_no_token(render: Render, account: dict[str, Any]) -> None:
    assert pod(render(one(serviceAccount=account)))["automountServiceAccountToken"] is False
