"""The MCP server: chat clients play the band, write clips, and compose in the songbook's notation."""
