"""Are the words obeyed: facts, implied meaning, opposites, refinements."""
