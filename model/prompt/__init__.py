"""From words to a plan: encoder, rules, tables."""
