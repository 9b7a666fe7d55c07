"""The chart's refusals and warnings, with values that cause them, from `messages.yaml`: for the tests and the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.helm import KUBE_VERSION
from harness.manifests import load
from harness.presets import images, presets

FILE = Path(__file__).with_name("messages.yaml")


@dataclass(frozen=True)
class Refusal:
    """Values that are refused with this text, and the nearest that are not, in a cluster with these APIs."""

    values: dict[str, Any]
    text: str
    accepted: dict[str, Any]
    kubernetes: str = KUBE_VERSION
    apis: Sequence[str] = ()


@dataclass(frozen=True)
class Warned:
    """Values that are warned of with these sentences, one on a line; with `upgrade` only in the notes of an upgrade."""

    values: dict[str, Any]
    text: str
    upgrade: bool = False
    kubernetes: str = KUBE_VERSION


def _read(kind: str) -> dict[str, dict[str, Any]]:
    others = ", ".join(engine for engine in presets() if engine != "vllm")
    text = FILE.read_text().replace("(vllm)", images()["vllm"].tag).replace("(other engines)", others)
    text = text.replace("(a MiB)", "a" * 1024 * 1024)
    return {name: {**case, "text": case["text"].strip()} for name, case in load(text)[kind].items()}


REFUSALS = {name: Refusal(**case) for name, case in _read("refusals").items()}
WARNINGS = {name: Warned(**case) for name, case in _read("warnings").items()}
NO_KEY = WARNINGS["no-keys-for-clients"].text
