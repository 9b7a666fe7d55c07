"""Pods: security contexts, probes, volumes, variables and ports, and what users can override."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import Object, container, environment, pod_spec
from tests.chart.accessors import FULLNAME, bare, deployment, engine, gateway, one, pod
from tests.support import Render

RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
NON_ROOT = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
SECCOMP = {"seccompProfile": {"type": "RuntimeDefault"}}
ENGINES = ("vllm", "sglang", "tensorrt-llm", "triton", "llama-cpp")


def gateway_pod(render: Render, values: dict[str, Any] | None = None) -> Object:
    return pod_spec(render(values)["Deployment", f"{FULLNAME}-onwards"])


def names(of: list[Object]) -> list[str]:
    return [each["name"] for each in of]


def test_the_gateways_pod_is_restricted(render: Render) -> None:
    spec = gateway_pod(render)
    assert spec["securityContext"] == {**NON_ROOT, **SECCOMP}
    for each in (*spec["containers"], *spec["initContainers"]):
        assert each["securityContext"] == {**RESTRICTED, "readOnlyRootFilesystem": True}


@pytest.mark.parametrize("name", ENGINES)
def test_a_groups_pod_is_restricted(render: Render, name: str) -> None:
    rendered = render(one(engine=name, initContainers=[{"name": "i", "image": "x:1"}]))
    assert pod(rendered)["securityContext"] == {**NON_ROOT, **SECCOMP, "fsGroupChangePolicy": "OnRootMismatch"}
    for each, root in (("a", {"readOnlyRootFilesystem": True}), ("i", {})):
        inside = container(deployment(rendered), each)
        assert inside["securityContext"] == {**RESTRICTED, **root}
        assert {"name": "engine-tmp", "mountPath": "/tmp"} in inside["volumeMounts"]
    assert {"name": "engine-tmp", "emptyDir": {}} in pod(rendered)["volumes"]


@pytest.mark.parametrize("name", [("Deployment", "onwards"), ("Deployment", "a"), ("Job", "onwards-test")], ids=str)
def test_a_pod_has_no_token_and_no_service_variables(render: Render, name: tuple[str, str]) -> None:
    spec = pod_spec(render(one())[name[0], f"{FULLNAME}-{name[1]}"])
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False


@pytest.mark.parametrize("chosen", [{"runAsNonRoot": False}, {"runAsUser": 0}], ids=str)
@pytest.mark.parametrize("place", ["podSecurityContext", "securityContext"])
def test_a_configured_user_is_the_only_one(render: Render, place: str, chosen: dict[str, Any]) -> None:
    rendered = render(one(**{place: chosen}))
    contexts = {
        "podSecurityContext": pod(rendered)["securityContext"],
        "securityContext": engine(rendered)["securityContext"],
    }
    about_users = {key: value for each in contexts.values() for key, value in each.items() if key.startswith("runAs")}
    assert about_users == chosen
    assert chosen.items() <= contexts[place].items()


def test_a_gateway_without_a_service_account_uses_the_default(render: Render) -> None:
    spec = gateway_pod(render, {"onwards": {"serviceAccount": {"create": False}}})
    assert spec["serviceAccountName"] == "default"


def test_the_gateways_configuration_is_small_and_in_memory(render: Render) -> None:
    volume = {"name": "onwards-config", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    assert volume in gateway_pod(render)["volumes"]


def test_the_gateways_routes_are_readable_by_all_and_its_keys_by_its_group(render: Render) -> None:
    spec = gateway_pod(render, one(apiKey={"name": "s", "key": "k"}))
    mounts = {each["name"]: each.get("readOnly") for each in spec["initContainers"][0]["volumeMounts"]}
    assert mounts == {"onwards-routes": True, "onwards-keys": True, "onwards-config": None}
    routes, keys, _ = spec["volumes"]
    assert routes["configMap"] == {"name": f"{FULLNAME}-onwards", "defaultMode": 0o644}
    assert keys["projected"]["defaultMode"] == 0o440


def test_workloads_have_a_revision_history_of_three(render: Render) -> None:
    groups = {**one()["modelGroups"], "b": one(balancing="perReplica")["modelGroups"]["a"]}
    rendered = render({"modelGroups": groups})
    workloads = [*rendered.kind("Deployment"), *rendered.kind("StatefulSet")]
    assert [each["spec"]["revisionHistoryLimit"] for each in workloads] == [3, 3, 3]


def test_vllms_usage_reporting_is_off(render: Render) -> None:
    assert environment(engine(render(one()))).items() >= {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}.items()


def test_init_containers_mount_the_model_directory(render: Render) -> None:
    first = {"name": "compile", "image": "x:1"}
    rendered = render(one(engine="triton", args=MODELS, initContainers=[first]))
    mounts = container(deployment(rendered), "compile")["volumeMounts"]
    assert {"name": "model-directory", "mountPath": "/data/models"} in mounts


@pytest.mark.parametrize(("count", "size"), [(1, None), (2, "8Gi"), (4, "8Gi"), (5, "16Gi")])
def test_shared_memory_grows_with_the_gpus(render: Render, count: int, size: str | None) -> None:
    volumes = pod(render(one(resources={"limits": {"nvidia.com/gpu": count}})))["volumes"]
    found = [each["emptyDir"]["sizeLimit"] for each in volumes if each["name"] == "shm"]
    assert found == ([size] if size else [])


def test_a_block_volume_does_not_replace_a_mount_of_the_charts(render: Render) -> None:
    volume = {"name": "v", "size": "1Gi", "mountPath": "/tmp", "volumeMode": "Block"}
    rendered = render(one(persistentVolumes=[volume]))
    assert "engine-tmp" in names(pod(rendered)["volumes"])


def test_service_accounts_have_no_token(render: Render) -> None:
    assert all(each["automountServiceAccountToken"] is False for each in render(one()).kind("ServiceAccount"))


def test_a_group_without_a_service_account_uses_the_default(render: Render) -> None:
    rendered = render(one(serviceAccount={"create": False}))
    assert pod(rendered)["serviceAccountName"] == "default"
    assert names([each["metadata"] for each in rendered.kind("ServiceAccount")]) == [f"{FULLNAME}-onwards"]


def test_a_group_can_use_an_existing_service_account(render: Render) -> None:
    assert pod(render(one(serviceAccount={"create": False, "name": "mine"})))["serviceAccountName"] == "mine"


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_without_root_has_a_writable_home(render: Render, name: str) -> None:
    rendered = render(one(engine=name))
    variables = environment(engine(rendered))
    assert variables["HOME"] == "/home/engine"
    assert variables["USER"] == "engine"
    assert variables["XDG_CACHE_HOME"] == "/home/engine/.cache"
    assert {"name": "engine-home", "mountPath": "/home/engine"} in engine(rendered)["volumeMounts"]
    assert {"name": "engine-home", "emptyDir": {}} in pod(rendered)["volumes"]


IMAGE_USER: dict[str, dict[str, Any]] = {
    "custom": bare(image="x:1"),
    "root-mount": one(persistentVolumes=[{"name": "v", "size": "1Gi", "mountPath": "/root/.cache/huggingface"}]),
    "root-itself": one(volumes=[{"name": "v", "emptyDir": {}}], volumeMounts=[{"name": "v", "mountPath": "/root"}]),
}


@pytest.mark.parametrize("values", IMAGE_USER.values(), ids=IMAGE_USER)
def test_an_engine_that_needs_the_user_of_its_image_runs_as_that_user(render: Render, values: dict[str, Any]) -> None:
    rendered = render(values)
    assert pod(rendered)["securityContext"] == SECCOMP
    assert engine(rendered)["securityContext"] == RESTRICTED
    assert "HOME" not in environment(engine(rendered))
    assert not {"engine-home", "engine-tmp"} & {*names(pod(rendered).get("volumes", []))}


def test_a_containers_own_context_decides_whether_its_image_is_read_only(render: Render) -> None:
    own: list[dict[str, Any]] = [{"runAsUser": 0}, {"privileged": True}, {"readOnlyRootFilesystem": False}, {}]
    inits = [{"name": f"i{n}", "image": "x:1", "securityContext": each} for n, each in enumerate(own)]
    rendered = render(one(initContainers=inits))
    contexts = [container(deployment(rendered), f"i{n}")["securityContext"] for n in range(4)]
    found = [each.get("readOnlyRootFilesystem") for each in contexts]
    assert found == [None, None, False, None]
    mine = render(one(securityContext={"readOnlyRootFilesystem": False}))
    assert engine(mine)["securityContext"]["readOnlyRootFilesystem"] is False


def test_a_tmp_of_the_user_replaces_the_charts(render: Render) -> None:
    scratch = {"volumes": [{"name": "v", "emptyDir": {}}], "volumeMounts": [{"name": "v", "mountPath": "/tmp/"}]}
    rendered = render(one(**scratch, initContainers=[{"name": "i", "image": "x:1"}]))
    assert "engine-tmp" not in names(pod(rendered)["volumes"])
    assert [each["name"] for each in engine(rendered)["volumeMounts"]] == ["v", "engine-home"]
    own = [{"name": "engine-tmp", "mountPath": "/tmp", "subPath": "a"}]
    rendered = render(one(initContainers=[{"name": "i", "image": "x:1", "volumeMounts": own}]))
    home = {"name": "engine-home", "mountPath": "/home/engine"}
    assert container(deployment(rendered), "i")["volumeMounts"] == [*own, home]


@pytest.mark.parametrize("path", ["/rooted", "/data/root", "/home/root"])
def test_a_path_that_only_resembles_roots_home_does_not_need_root(render: Render, path: str) -> None:
    rendered = render(one(persistentVolumes=[{"name": "v", "size": "1Gi", "mountPath": path}]))
    assert pod(rendered)["securityContext"]["runAsNonRoot"] is True


def test_a_pod_user_of_root_overrides_the_default(render: Render) -> None:
    rendered = render(one(podSecurityContext={"runAsUser": 0}))
    assert pod(rendered)["securityContext"] == {"runAsUser": 0, **SECCOMP}
    assert "HOME" not in environment(engine(rendered))


def test_a_container_user_overrides_the_default(render: Render) -> None:
    rendered = render(one(securityContext={"runAsUser": 2000, "runAsGroup": 0}))
    root = {"readOnlyRootFilesystem": True}
    assert engine(rendered)["securityContext"] == {**RESTRICTED, **root, "runAsUser": 2000, "runAsGroup": 0}


def test_other_fields_of_a_security_context_are_merged(render: Render) -> None:
    rendered = render(
        one(podSecurityContext={"fsGroup": 2000}, securityContext={"capabilities": {"add": ["NET_BIND_SERVICE"]}})
    )
    assert pod(rendered)["securityContext"]["fsGroup"] == 2000
    assert pod(rendered)["securityContext"]["runAsUser"] == 10001
    assert engine(rendered)["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}


def test_a_privileged_container_may_escalate(render: Render) -> None:
    assert engine(render(one(securityContext={"privileged": True})))["securityContext"] == {"privileged": True}


def test_a_variable_of_the_user_overrides_the_charts(render: Render) -> None:
    variables = [{"name": "HOME", "value": "/mine"}, {"name": "DO_NOT_TRACK", "value": 0}]
    found = environment(engine(render(one(env=variables))))
    assert (found["HOME"], found["DO_NOT_TRACK"]) == ("/mine", "0")


def test_variables_of_the_user_follow_the_charts_in_order(render: Render) -> None:
    variables = [{"name": "B", "value": "1"}, {"name": "A", "value": "$(B)"}]
    assert engine(render(one(env=variables)))["env"][-2:] == variables


@pytest.mark.parametrize(
    ("value", "text"),
    [(1048576, "1048576"), (0.9, "0.9"), (True, "true"), (False, "false"), (0, "0"), ("", ""), (None, "")],
    ids=["large", "fraction", "true", "false", "zero", "empty", "null"],
)
def test_a_variable_is_rendered_as_text(render: Render, value: object, text: str) -> None:
    assert engine(render(one(env=[{"name": "A", "value": value}])))["env"][-1] == {"name": "A", "value": text}


def test_a_variable_from_a_secret_is_rendered_unchanged(render: Render) -> None:
    variable = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}
    source = {"secretRef": {"name": "s"}}
    of = engine(render(one(env=[variable], envFrom=[source])))
    assert of["env"][-1] == variable
    assert of["envFrom"] == [source]


def test_the_last_of_two_variables_with_one_name_is_used(render: Render) -> None:
    twice = [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]
    rendered = render({**one(env=twice), "onwards": {"env": twice}})
    last = [{"name": "B"}, {"name": "A", "value": "2"}]
    assert engine(rendered)["env"][-2:] == last
    assert gateway(rendered)["env"] == last


def test_shared_memory_of_the_user_replaces_the_charts(render: Render) -> None:
    volume = {"name": "shm", "emptyDir": {"medium": "Memory"}}
    mount = {"name": "shm", "mountPath": "/dev/shm"}
    rendered = render(one(resources={"limits": {"nvidia.com/gpu": 2}}, volumes=[volume], volumeMounts=[mount]))
    assert [each for each in pod(rendered)["volumes"] if each["name"] == "shm"] == [volume]
    assert [each for each in engine(rendered)["volumeMounts"] if each["mountPath"] == "/dev/shm"] == [mount]


@pytest.mark.parametrize("kind", ["volumes", "persistentVolumes"])
def test_a_volume_of_the_user_may_have_a_name_of_the_charts(render: Render, kind: str) -> None:
    volume = {"name": "shm", "emptyDir": {}}
    fields: dict[str, Any] = {"volumes": [volume], "volumeMounts": [{"name": "shm", "mountPath": "/mine"}]}
    if kind == "persistentVolumes":
        fields = {kind: [{"name": "shm", "size": "1Gi", "mountPath": "/mine"}]}
    rendered = render(one(sharedMemory="1Gi", **fields))
    assert [each.get("emptyDir", {}) for each in pod(rendered)["volumes"] if each["name"] == "shm"] == [{}]
    assert [each["mountPath"] for each in engine(rendered)["volumeMounts"] if each["name"] == "shm"] == ["/mine"]


MODELS = ["--model-repository", "/data/models"]


def test_a_directory_of_models_is_mounted_for_init_containers_to_fill(render: Render) -> None:
    rendered = render(one(engine="triton", args=MODELS))
    assert {"name": "model-directory", "emptyDir": {}} in pod(rendered)["volumes"]
    assert {"name": "model-directory", "mountPath": "/data/models"} in engine(rendered)["volumeMounts"]


@pytest.mark.parametrize(("path", "ours"), [("/data", False), ("/data/models", False), ("/data/models/one", True)])
def test_a_mount_at_or_above_the_directory_of_models_replaces_it(render: Render, path: str, ours: bool) -> None:
    volume = {"name": "v", "size": "1Gi", "mountPath": path}
    rendered = render(one(engine="triton", args=MODELS, persistentVolumes=[volume]))
    assert ("model-directory" in names(pod(rendered)["volumes"])) == ours


def test_every_port_of_an_engine_is_tcp(render: Render) -> None:
    found = engine(render(one(engine="triton")))["ports"]
    assert [each.get("protocol", "TCP") for each in found] == ["TCP", "TCP", "TCP"]


def test_a_null_inside_a_map_removes_one_field(render: Render) -> None:
    given = {"seccompProfile": {"type": "Localhost", "localhostProfile": None}}
    assert engine(render(one(securityContext=given)))["securityContext"]["seccompProfile"] == {"type": "Localhost"}


def test_a_mount_of_the_user_replaces_the_charts_at_its_path(render: Render) -> None:
    volume = {"name": "mine", "emptyDir": {}}
    mounts = [{"name": "mine", "mountPath": path} for path in ("/dev/shm/", "/home/engine", "/tmp")]
    rendered = render(one(sharedMemory="1Gi", volumes=[volume], volumeMounts=mounts))
    assert pod(rendered)["volumes"] == [volume]
    assert engine(rendered)["volumeMounts"] == mounts


def probes(of: Object) -> dict[str, Object]:
    return {kind: of.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness")}


PATHS = {
    "vllm": ("/health", "/health", "/health"),
    "sglang": ("/health", "/health", "/health"),
    "tensorrt-llm": ("/health", "/health", "/health"),
    "triton": ("/v2/health/ready", "/v2/health/ready", "/v2/health/live"),
    "llama-cpp": ("/health", "/health", "/health"),
}


@pytest.mark.parametrize(("name", "paths"), PATHS.items(), ids=PATHS)
def test_an_engine_is_probed_at_its_own_paths(render: Render, name: str, paths: tuple[str, ...]) -> None:
    found = probes(engine(render(bare(engine=name, image="x:1", modelName="m"))))
    assert [each["httpGet"] for each in found.values()] == [{"path": path, "port": "http"} for path in paths]


PROBE_SECONDS = {
    "vllm": (30 * 60, 15, 60),
    "sglang": (30 * 60, 30, 90),
    "tensorrt-llm": (60 * 60, 15, 60),
    "triton": (60 * 60, 15, 60),
    "triton-openai": (60 * 60, 15, 60),
    "llama-cpp": (20 * 60, 15, 60),
    "custom": (30 * 60, 15, 60),
}
"""Seconds until startup fails, until the pod is taken out of its Service, and until the engine is restarted."""


@pytest.mark.parametrize(("name", "seconds"), PROBE_SECONDS.items(), ids=PROBE_SECONDS)
def test_probes_allow_an_engine_its_seconds(render: Render, name: str, seconds: tuple[int, ...]) -> None:
    found = probes(engine(render(bare(engine=name, image="x:1", modelName="m"))))
    assert tuple(each["periodSeconds"] * each["failureThreshold"] for each in found.values()) == seconds


@pytest.mark.parametrize("name", PROBE_SECONDS)
def test_a_probe_times_out_before_the_next(render: Render, name: str) -> None:
    """Except for SGLang, which can be slow to answer a probe while it generates."""
    found = probes(engine(render(bare(engine=name, image="x:1", modelName="m")))).values()
    assert name == "sglang" or all(each["timeoutSeconds"] <= each["periodSeconds"] for each in found)


def test_sglangs_probes_have_a_long_timeout(render: Render) -> None:
    assert all(each["timeoutSeconds"] == 25 for each in probes(engine(render(one(engine="sglang")))).values())


def test_a_probes_number_overrides_the_engines(render: Render) -> None:
    startup = probes(engine(render(one(startupProbe={"failureThreshold": 5}))))["startup"]
    assert startup == {
        "httpGet": {"path": "/health", "port": "http"},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 5,
    }


def test_a_probe_as_in_0_4_is_rendered_unchanged(render: Render) -> None:
    numbers = {"initialDelaySeconds": 30, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 30}
    given = {"enabled": True, "type": "http", "path": "/healthz", **numbers}
    found = probes(engine(render(one(startupProbe=given))))["startup"]
    assert found == {"httpGet": {"path": "/healthz", "port": "http"}, **numbers}


def test_a_probe_can_be_disabled(render: Render) -> None:
    off = {"enabled": False}
    of = engine(render(one(startupProbe=off, livenessProbe=off, readinessProbe=off)))
    assert probes(of) == {"startup": {}, "readiness": {}, "liveness": {}}


def test_a_probe_can_be_a_tcp_connection(render: Render) -> None:
    found = probes(engine(render(one(livenessProbe={"type": "tcp", "path": "/x"}))))["liveness"]
    assert found["tcpSocket"] == {"port": "http"}
    assert "httpGet" not in found


@pytest.mark.parametrize(
    "handler",
    [{"httpGet": {"path": "/x", "port": 81}}, {"exec": {"command": ["true"]}}, {"grpc": {"port": 1}}],
    ids=["http", "exec", "grpc"],
)
def test_a_handler_of_the_user_is_rendered_unchanged(render: Render, handler: dict[str, Any]) -> None:
    found = probes(engine(render(one(livenessProbe=handler))))["liveness"]
    assert {key: value for key, value in found.items() if not key.endswith(("Seconds", "Threshold"))} == handler


def test_a_path_of_the_user_is_one_of_the_gateways_http_port(render: Render) -> None:
    found = probes(gateway(render({"onwards": {"probes": {"path": "/v1/models", "liveness": {"path": "/models"}}}})))
    assert {kind: each["httpGet"] for kind, each in found.items()} == {
        "startup": {"path": "/v1/models", "port": "http"},
        "readiness": {"path": "/v1/models", "port": "http"},
        "liveness": {"path": "/models", "port": "http"},
    }
    tcp = probes(gateway(render({"onwards": {"probes": {"liveness": {"type": "tcp"}}}})))
    assert tcp["liveness"]["tcpSocket"] == {"port": "http"}


def test_the_gateway_is_probed_on_its_metrics_port(render: Render) -> None:
    found = probes(gateway(render()))
    assert {kind: each["httpGet"] for kind, each in found.items()} == {
        "startup": {"path": "/healthz", "port": "metrics"},
        "readiness": {"path": "/readyz", "port": "metrics"},
        "liveness": {"path": "/healthz", "port": "metrics"},
    }
    seconds = {kind: each["periodSeconds"] * each["failureThreshold"] for kind, each in found.items()}
    assert seconds == {"startup": 120, "readiness": 10, "liveness": 60}
    assert {kind: each["timeoutSeconds"] for kind, each in found.items()} == {
        "startup": 3,
        "readiness": 3,
        "liveness": 5,
    }


def test_a_rollout_of_the_gateway_waits_for_its_startup_probe_and_ten_minutes(render: Render) -> None:
    found = render({"onwards": {"probes": {"startup": {"periodSeconds": 5, "failureThreshold": 100}}}})
    spec = found["Deployment", f"{FULLNAME}-onwards"]["spec"]
    assert spec["progressDeadlineSeconds"] == 500 + 600


def test_a_rollout_waits_for_the_startup_probe_and_ten_minutes(render: Render) -> None:
    spec = deployment(render(one(startupProbe={"periodSeconds": 5, "failureThreshold": 100})))["spec"]
    assert spec["progressDeadlineSeconds"] == 500 + 600


def test_a_rollout_waits_ten_minutes_without_a_startup_probe(render: Render) -> None:
    off = {"enabled": False}
    rendered = render({**one(startupProbe=off), "onwards": {"probes": {"startup": off}}})
    for end in ("a", "onwards"):
        assert rendered["Deployment", f"{FULLNAME}-{end}"]["spec"]["progressDeadlineSeconds"] == 600


def test_a_rollout_waits_as_long_as_configured(render: Render) -> None:
    assert deployment(render(one(progressDeadlineSeconds=7200)))["spec"]["progressDeadlineSeconds"] == 7200


SCHEDULING: dict[str, Any] = {
    "nodeSelector": {"gpu": "h100"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    "priorityClassName": "high",
}


@pytest.mark.parametrize("field", SCHEDULING)
def test_scheduling_is_passed_on(render: Render, field: str) -> None:
    value = SCHEDULING[field]
    assert pod(render(one(**{field: value})))[field] == value
    assert gateway_pod(render, {"onwards": {field: value}})[field] == value


@pytest.mark.parametrize("field", ["runtimeClassName", "schedulerName"])
def test_a_groups_runtime_and_scheduler_are_passed_on(render: Render, field: str) -> None:
    assert pod(render(one(**{field: "x"})))[field] == "x"


def test_model_group_defaults_are_merged_under_each_group(render: Render) -> None:
    group = {"enabled": True, "modelAlias": ["m"], "modelName": "org/m"}
    values = {
        "modelGroupDefaults": {"nodeSelector": {"a": "1", "b": "1"}, "tolerations": SCHEDULING["tolerations"]},
        "modelGroups": {"a": {**group, "nodeSelector": {"b": "2"}, "tolerations": []}, "b": group},
    }
    rendered = render(values)
    assert pod(rendered)["nodeSelector"] == {"a": "1", "b": "2"}
    assert "tolerations" not in pod(rendered)
    assert pod(rendered, "b")["nodeSelector"] == {"a": "1", "b": "1"}


def test_null_removes_a_default(render: Render) -> None:
    values = {"modelGroupDefaults": {"nodeSelector": {"a": "1"}}, **one(nodeSelector=None)}
    assert "nodeSelector" not in pod(render(values))


@pytest.mark.parametrize("value", [None, {"enabled": False}, {}], ids=["null", "disabled", "empty"])
def test_a_group_that_is_not_enabled_is_not_rendered(render: Render, value: object) -> None:
    assert len(render({"modelGroups": {"a": value}})) == len(render())


def test_a_disabled_group_is_not_rendered_even_if_the_defaults_enable_it(render: Render) -> None:
    values = {"modelGroupDefaults": {"enabled": True}, "modelGroups": {"a": {"enabled": False}, "vllm-llama": None}}
    assert len(render(values)) == len(render({"modelGroups": {"vllm-llama": None}}))


def test_numbers_may_be_text(render: Render) -> None:
    values = {
        **one(replicaCount="2", service={"port": "81"}, drainSeconds="9", weight="2"),
        "onwards": {"replicaCount": "3", "containerPort": "3001", "service": {"port": "82"}},
    }
    rendered = render(values)
    assert deployment(rendered)["spec"]["replicas"] == 2
    assert rendered["Service", f"{FULLNAME}-a"]["spec"]["ports"][0]["port"] == 81
    assert rendered["Service", f"{FULLNAME}-onwards"]["spec"]["ports"][0]["port"] == 82


def test_additional_ports_are_on_the_container_and_the_service(render: Render) -> None:
    given = [
        {"name": "admin", "containerPort": 9001, "servicePort": 81},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
    ]
    rendered = render(one(additionalPorts=given))
    assert engine(rendered)["ports"][1:] == [
        {"name": "admin", "containerPort": 9001, "protocol": "TCP"},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
    ]
    assert rendered["Service", f"{FULLNAME}-a"]["spec"]["ports"][1:] == [
        {"name": "admin", "port": 81, "targetPort": "admin", "protocol": "TCP"},
        {"name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP"},
    ]


def test_a_port_of_the_user_replaces_the_engines(render: Render) -> None:
    given = [{"name": "metrics", "containerPort": 9002}, {"name": "rpc", "containerPort": 8001}]
    found = engine(render(one(engine="triton", additionalPorts=given)))["ports"]
    assert [(port["name"], port["containerPort"]) for port in found] == [
        ("http", 8000),
        ("metrics", 9002),
        ("rpc", 8001),
    ]


def test_the_gateway_is_updated_without_downtime(render: Render) -> None:
    strategy = render()["Deployment", f"{FULLNAME}-onwards"]["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
