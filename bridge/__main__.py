"""`llmball`: parses the command line, runs the command, and reports an error of the user in one line with exit code 2."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial

from bridge.config import Config
from bridge.errors import OwnerError

EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 2 an error of the user, 130 interrupted; an exception is a bug."""
    try:
        words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
        command = next((w for w in words if not w.startswith("-")), "")
        limit = short_of(command, *_own_limits())
        if limit is not None:
            sys.stderr.write(f"llmball: {limit}\n")
            return 2
        try:
            from bridge.cli.arguments import parser
            from bridge.cli.help import complete

            complete(parser)  # of all commands, which take a while to load
            args = parser(command).parse_args(words)
            if args.command not in (*SERVING, *SMALL):
                gc.set_threshold(*SELDOM)
            run = _prepare_command(args)
        except ValueError as fault:  # data files are read as modules are imported
            sys.stderr.write(f"llmball: {fault}\n")
            return 2
        return run()
    except OwnerError as error:
        sys.stderr.write(f"llmball {args.command}: {error}\n")
        return 2
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except (MemoryError, OSError) as error:
        limit = _limit(error)
        if limit is None:
            raise
        sys.stderr.write(f"llmball: {limit}\n")
        return 2


MORE_FILES = "too few files may be open: raise ulimit -n to 64 or more"
MORE_MEMORY = "there is too little memory: close other programs, or raise ulimit -v"
LEAST_FILES, LEAST_MEMORY = 64, 384 << 20
"""Files that what serves may open at least, and bytes of address space that every command may have that makes music.
`doctor` tells what is found until memory ends, and then that."""
SELDOM = 200_000, 50, 100
"""When garbage is collected by a command that reads a file and ends: a third of the time of 100,000 notes went there."""
SERVING, SMALL = ("serve", "worker", "mcp"), ("", "doctor", "ports", "device", "completion")


def short_of(command: str, files: float, memory: float) -> str | None:
    """Return the limit of this process that a command cannot do with, with the remedy; None if there is none.

    It is looked at before anything is loaded: libraries that meet it end the process, or are loaded by half.
    """
    if command in SERVING and files < LEAST_FILES:
        return MORE_FILES
    return MORE_MEMORY if command not in SMALL and memory < LEAST_MEMORY else None


def _own_limits() -> tuple[float, float]:
    """Raise the limits of files and memory as far as we may; return them, inf where there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf, math.inf
    found: list[float] = []
    for which, least in ((resource.RLIMIT_NOFILE, LEAST_FILES), (resource.RLIMIT_AS, LEAST_MEMORY)):
        soft, hard = resource.getrlimit(which)
        if soft != resource.RLIM_INFINITY and soft < least and (hard == resource.RLIM_INFINITY or hard > soft):
            soft = least if hard == resource.RLIM_INFINITY else min(least, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(which, (soft, hard))
        found.append(math.inf if soft == resource.RLIM_INFINITY else soft)
    return found[0], found[1]


def _limit(error: BaseException) -> str | None:
    """Return the limit of this machine that an error has met, with the remedy; None for another error."""
    if isinstance(error, MemoryError):
        return MORE_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return MORE_FILES
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return MORE_MEMORY
    return None


def _prepare_command(args: argparse.Namespace) -> Callable[[], int]:
    """Import what a command needs and return the function that runs it. Raises ValueError where a data file is corrupted."""
    match args.command:
        case "serve":
            return _prepare_serve(config(args))
        case "bench":
            from bridge.cli import benchmark

            return partial(benchmark.run, as_json=args.json)
        case "device":
            from bridge.cli import install_device

            return partial(install_device.install, args.to)
        case "mcp":
            from bridge.cli import mcp_server

            return partial(mcp_server.run, args)
        case "worker":
            from bridge.workers import worker

            return partial(worker.run, args.mqtt, args.encoder)
        case "score":
            from bridge.cli import score

            return partial(score.run, args)
        case "sheet":
            from bridge.cli import sheet

            return partial(sheet.run, args)
        case "ports":
            from bridge.cli import doctor

            return partial(doctor.show_ports, args.backend)
        case "doctor":
            from bridge.cli import doctor

            return doctor.run_checks
        case "completion":
            from bridge.cli.help import print_completion

            return partial(print_completion, args.shell)
    from bridge.cli import commands

    by_name: dict[str, Callable[[argparse.Namespace], int]] = {
        "clip": commands.write_clips,
        "refine": commands.change_clip,
        "harmonise": commands.harmonise_clip,
        "replay": commands.replay,
        "understand": commands.show_plan,
        "explain": commands.explain_file,
        "render": commands.render,
    }
    return partial(by_name[args.command], args)


def _prepare_serve(config: Config) -> Callable[[], int]:
    """Start the generator process, which takes longest, then import the rest."""
    from bridge.processes.supervisor import ChildProcess, ImportTarget

    generator = partial(ImportTarget("model.processes.generate:run"), engine=config.engine)
    generator_process = ChildProcess(
        "generator", generator, (config.encoder,)
    )  # if it is not needed it ends with this process
    from bridge.cli import serve

    return partial(serve.run, config, generator, generator_process)


def config(args: argparse.Namespace) -> Config:
    """Return the options of `llmball serve`."""
    options = {field.name: getattr(args, field.name) for field in fields(Config)}
    return Config(**options | {name: tuple(getattr(args, name)) for name in ("allow", "tell", "input")})


if __name__ == "__main__":
    sys.exit(main())
