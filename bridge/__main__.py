"""`llmball`: parse, dispatch, and turn the owner's faults into one line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from bridge.config import Config
from bridge.errors import OwnerError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 2 the caller's fault; anything else is a bug."""
    try:
        from bridge.arguments import parser
    except ValueError as broken:  # some of what was shipped is read as the rooms are imported
        sys.stderr.write(f"llmball: {broken}\n")
        return 2
    args = parser().parse_args(argv)
    try:
        return _run(args)
    except OwnerError as error:
        sys.stderr.write(f"llmball {args.command}: {error}\n")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(args: argparse.Namespace) -> int:
    match args.command:  # imported late: a command loads only what it needs
        case "serve":
            return _serve(config(args))
        case "clip":
            from bridge import commands

            return commands.write_clips(args)
        case "refine":
            from bridge import commands

            return commands.change_clip(args)
        case "harmonise":
            from bridge import commands

            return commands.harmonise_clip(args)
        case "replay":
            from bridge import commands

            return commands.replay(args)
        case "understand":
            from bridge import commands

            return commands.show_plan(args)
        case "bench":
            from bridge import speed

            return speed.run(as_json=args.json)
        case "device":
            from bridge import device

            return device.install(args.to)
        case "worker":
            from bridge import worker

            return worker.run(args.mqtt, args.encoder)
        case "explain":
            from bridge import commands

            return commands.explain_file(args)
        case "ports":
            from bridge import doctor

            return doctor.show_ports(args.backend)
        case _:
            from bridge import doctor

            return doctor.examine()


def _serve(asked: Config) -> int:
    """Begin what takes longest, then load all else."""
    from bridge.child import Child, Elsewhere

    generator = partial(Elsewhere("model.process:run"), engine=asked.engine)
    begun = Child("generator", generator, (asked.encoder,))  # one that is not needed ends with us
    from bridge import serve

    return serve.run(asked, generator, begun)


def config(args: argparse.Namespace) -> Config:
    """Return the daemon's options."""
    host, port = args.osc
    return Config(
        output=args.output,
        backend=args.backend,
        per_part=args.ports == "per-part",
        port_name=args.port_name,
        input=args.input,
        sync=args.sync,
        osc_host=host,
        osc_port=port,
        http=args.http,
        token=args.token,
        zeroconf=args.zeroconf,
        play=args.play,
        allow=tuple(args.allow),
        encoder=args.encoder,
        engine=args.engine,
        trace=args.trace,
        set_file=args.set,
        browse=args.browse,
        mqtt=args.mqtt,
    )


if __name__ == "__main__":
    sys.exit(main())
