"""The command line: options, commands, checks. Never keeps a socket open."""
