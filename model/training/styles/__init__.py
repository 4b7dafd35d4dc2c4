"""Style grammars: what producers type and no licensed music holds, written down by us as facts of the genres.

One .toml file a style says its tempo, feel, drums, bass, chords, melody and form; the modules here read them and make
pieces that are never the same twice. A judgement of ours; docs/styles.md says how to read and change it.
"""
