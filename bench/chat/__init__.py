"""Chat clients and language models: every tool, any arguments, and a composer that fails."""
