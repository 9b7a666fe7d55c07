"""Scans of the chart by checkov, kube-score and Kubernetes' Pod Security "restricted"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One rule that one object breaks; `thing` is its kind and name, such as `Deployment/t-onwards`."""

    scanner: str
    rule: str
    thing: str

    def __str__(self) -> str:
        return f"{self.scanner} {self.rule} in {self.thing}"
