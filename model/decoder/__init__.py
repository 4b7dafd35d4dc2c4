"""The network: tokens, engines, weights. Knows no music theory."""
