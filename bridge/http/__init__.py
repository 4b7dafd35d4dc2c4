"""The panel in the browser, OSCQuery and WebSocket."""
