"""Finds a daemon by zeroconf and requests its HOST_INFO with an OSCQuery client; prints whether it was found.

Run inside a network namespace, because it sends multicast.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pythonoscquery.osc_query_client import OSCQueryClient
from zeroconf import Zeroconf

from tests.support import real_programs

KIND = "_oscjson._tcp.local."


def main(folder: Path) -> None:
    """Search for a daemon without --zeroconf, then for one with it."""
    look = Zeroconf(interfaces=["127.0.0.1"])
    for options, patience in (((), 1500), (("--zeroconf",), 30000)):
        with real_programs.daemon(
            "--output", "none", "--http", "127.0.0.1:0", *options, env={}, folder=folder
        ) as daemon:
            info = look.get_service_info(KIND, f"LLMBall.{KIND}", patience)
            if info is None:
                print("nobody")
                continue
            host = OSCQueryClient(info).get_host_info()
            there = int(daemon.said("http").rpartition(":")[2]), daemon.osc[1]
            print("found" if host is not None and there == (info.port, host.osc_port) else "another")
    look.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
