"""The running daemon: event loop, sockets, services. Everything else is imported from here, nothing imports it but the command line."""
