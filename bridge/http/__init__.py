"""HTTP server: the browser panel, its WebSocket, and OSCQuery."""
