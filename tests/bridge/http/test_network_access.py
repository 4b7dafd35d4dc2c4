"""HTTP access from a non-loopback address, and zeroconf, with the daemon in a network namespace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def test_a_stranger_needs_a_network_and_a_token(tmp_path: Path, needs: Callable[[str, str], str]) -> None:
    """Requests come from the non-loopback address of the daemon's network namespace."""
    ip = needs("ip", "iproute2")
    inside = f"{ip} link set lo up && {ip} addr add 10.9.0.1/24 dev lo"
    assert alone(needs, inside, "tests.support.probes.http_probe", tmp_path) == [
        "403",
        "401",
        "401",
        "200",
        "200",
        "101",
        "403",
    ]


@pytest.mark.long
def test_one_that_announces_itself_is_found_by_zeroconf_and_no_other_is(
    tmp_path: Path, needs: Callable[[str, str], str]
) -> None:
    pytest.importorskip("pythonoscquery", reason="python-oscquery is not installed")
    ip = needs("ip", "iproute2")
    inside = f"{ip} link set lo up multicast on && {ip} route add 224.0.0.0/4 dev lo"
    assert alone(needs, inside, "tests.support.probes.oscquery_probe", tmp_path) == ["nobody", "found"]


def alone(needs: Callable[[str, str], str], inside: str, module: str, folder: Path) -> list[str]:
    """Run commands and then a module in a new network namespace; return the words that the module prints."""
    unshare = needs("unshare", "util-linux")
    if subprocess.run([unshare, "-n", "sh", "-c", inside], capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespace may be made here")
    result = subprocess.run(
        [unshare, "-n", "sh", "-c", f'{inside} && exec "$0" -m {module} "$1"', sys.executable, str(folder)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.split()
