"""A language model that composes beside the band: asked, read bar by bar, checked, mended, played."""
