"""The script that inserts keys into the routes, run as the gateway's init container runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.run import run
from tests.chart.accessors import FULLNAME, one
from tests.chart.config_volume import SHELLS, Pod, script
from tests.support import Render


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def config(*groups: str) -> dict[str, Any]:
    return {"targets": {group: {"onwards_key": f"@key:{group}@", "weight": 1} for group in groups}}


KEYS = {
    "plain": b"sk-abcDEF0123456789",
    "double-quote": b'a"b',
    "single-quote": b"a'b",
    "backslash": rb"a\b",
    "backslashes-at-the-end": rb"a\\",
    "escapes": rb"\n\t\u0041\1",
    "ampersand": b"a&b&&",
    "pipe": b"a|b",
    "slash": b"a/b//",
    "spaces": b"  a  b  ",
    "dollar": b"$HOME $(id) `id` ${x}",
    "glob": b"* ? [a] ~",
    "minus-n": b"-n",
    "percent": b"%s %d %%",
    "placeholder": b"@key:b@",
    "json": b'{"a": ["b"]}',
    "multi-byte": "ключ-鍵-🔑".encode(),
    "long": b"x" * 20000,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_inserted_unchanged(pod: Pod, key: bytes, shell: str) -> None:
    done = pod.assemble(config("a"), {"a": key}, shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert pod.result["targets"]["a"] == {"onwards_key": key.decode(), "weight": 1}


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_key_is_inserted_unchanged_in_any_locale(pod: Pod, locale: str) -> None:
    pod.assemble(config("a"), {"a": KEYS["multi-byte"]}, locale=locale)
    assert pod.result["targets"]["a"]["onwards_key"] == KEYS["multi-byte"].decode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"], ids=["newline", "carriage-return", "newlines"])
def test_a_trailing_newline_is_stripped_from_a_key(pod: Pod, end: bytes) -> None:
    pod.assemble(config("a"), {"a": b"key" + end})
    assert pod.result["targets"]["a"]["onwards_key"] == "key"


@pytest.mark.parametrize("key", [b"", b"\n"], ids=["empty", "newline"])
def test_an_empty_key_is_an_error_that_names_the_group(pod: Pod, key: bytes) -> None:
    done = pod.assemble(config("modelGroups.a"), {"modelGroups.a": key})
    assert done.returncode == 1
    assert done.stderr == (
        "The key of modelGroups.a is empty; put it into the Secret that modelGroups.a.apiKey names.\n"
    )
    assert not (pod.config / "config.json").exists()


@pytest.mark.parametrize(
    "key", [b"a\tb", b"a\x1bb", b"a\x7fb", b"one\ntwo"], ids=["tab", "escape", "delete", "two-lines"]
)
def test_a_control_character_is_an_error_that_does_not_print_the_key(pod: Pod, key: bytes) -> None:
    done = pod.assemble(config("modelGroups.a"), {"modelGroups.a": key})
    assert done.returncode == 1
    assert done.stderr == (
        "The key of modelGroups.a has a control character in it; put the bare key into its Secret.\n"
    )
    assert not (pod.config / "config.json").exists()


def test_each_group_gets_its_own_key(pod: Pod) -> None:
    pod.assemble(config("a", "a-b", "b"), {"a": b"one", "a-b": b"two", "b": b"three"})
    found = {group: target["onwards_key"] for group, target in pod.result["targets"].items()}
    assert found == {"a": "one", "a-b": "two", "b": "three"}


def test_a_key_that_looks_like_a_placeholder_is_not_replaced(pod: Pod) -> None:
    pod.assemble(config("a", "b"), {"a": b"@key:b@", "b": b"secret"})
    assert pod.result["targets"]["a"]["onwards_key"] == "@key:b@"


def test_a_clients_key_is_inserted_in_lists_and_definitions(pod: Pod) -> None:
    """Wherever the gateway reads a key, also as the last item of a list; labels and headers are left unchanged."""
    known = {"key": "@key:onwards.clientKeys.x@", "labels": {"team": "@key:onwards.clientKeys.x@"}}
    routes = {
        "auth": {"global_keys": ["@key:onwards.clientKeys.x@", "@key:b@"], "key_definitions": {"x": known}},
        "targets": {"m": {"keys": ["@key:b@", "@key:onwards.clientKeys.x@"]}},
    }
    done = pod.assemble(routes, {"onwards.clientKeys.x": b'a"|&\\1', "b": b"two", "onwardsXclientKeysXx": b"other"})
    assert (done.returncode, done.stderr) == (0, "")
    key = 'a"|&\\1'
    assert pod.result["auth"]["global_keys"] == [key, "two"]
    assert pod.result["auth"]["key_definitions"]["x"] == {"key": key, "labels": known["labels"]}
    assert pod.result["targets"]["m"]["keys"] == ["two", key]


def test_an_alias_that_looks_like_a_placeholder_is_not_replaced(pod: Pod) -> None:
    pod.assemble({"targets": {"@key:a@": {"onwards_model": "@key:a@"}}}, {"a": b"secret"})
    assert pod.result == {"targets": {"@key:a@": {"onwards_model": "@key:a@"}}}


def test_without_keys_the_routes_are_unchanged(pod: Pod) -> None:
    routes = {"targets": {'ł "\\': {"weight": 1}}}
    pod.assemble(routes, {})
    assert pod.result == routes


def test_only_the_configuration_remains_and_only_its_owner_can_read_it(pod: Pod) -> None:
    pod.assemble(config("a"), {"a": b"key"})
    (left,) = pod.config.iterdir()  # the key is no engine's
    assert left.name == "config.json"
    assert left.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", [{"onwards_key": "@key:a@"}, {"keys": ["@key:a@"]}, {"key": "@key:a@"}], ids=str)
def test_a_key_that_is_not_there_is_an_error_that_names_its_owner(pod: Pod, place: object) -> None:
    done = pod.assemble({"targets": {"m": place}}, {"b": b"key"})
    assert done.returncode == 1
    assert done.stderr == "The key of a is not there; put it into the Secret that a.apiKey names.\n"


def test_an_engines_key_stays_as_it_was_at_the_start(pod: Pod) -> None:
    """The engine has read it at its own start; that of a client or a provider is read again."""
    both = {"targets": {"a": {"onwards_key": "@key:modelGroups.a@"}, "b": {"onwards_key": "@key:externalProviders.b@"}}}
    pod.assemble(both, {"modelGroups.a": b"old\n", "externalProviders.b": b"old"})
    pod.assemble(both, {"modelGroups.a": b"new", "externalProviders.b": b"new"})
    assert pod.result["targets"] == {"a": {"onwards_key": "old"}, "b": {"onwards_key": "new"}}


def test_an_engines_key_that_was_no_key_is_read_again(pod: Pod) -> None:
    pod.assemble(config("modelGroups.a"), {"modelGroups.a": b""})
    pod.assemble(config("modelGroups.a"), {"modelGroups.a": b"key"})
    assert pod.result["targets"]["modelGroups.a"]["onwards_key"] == "key"


def test_it_can_run_again(pod: Pod) -> None:
    pod.assemble(config("a"), {"a": b"old"})
    pod.assemble(config("a"), {"a": b"new"})
    assert pod.result["targets"]["a"]["onwards_key"] == "new"


def test_missing_routes_are_an_error(pod: Pod) -> None:
    done = run(["sh", "-c", pod.script("assemble-config.sh")], check=False)
    assert done.returncode != 0
    assert not (pod.config / "config.json").exists()


def test_the_chart_runs_this_script_on_its_own_routes(pod: Pod, render: Render) -> None:
    rendered = render(one(apiKey={"name": "s", "key": "k"}))
    spec = rendered["Deployment", f"{FULLNAME}-onwards"]["spec"]["template"]["spec"]
    (init,) = spec["initContainers"]
    assert init["command"] == ["sh", "-c"]
    assert init["args"] == [script("assemble-config.sh")]
    routes = json.loads(rendered["ConfigMap", f"{FULLNAME}-onwards"]["data"]["config.json"])
    pod.assemble(routes, {"modelGroups.a": b'k"1'})
    assert pod.result["targets"]["m"]["providers"][0]["onwards_key"] == 'k"1'
