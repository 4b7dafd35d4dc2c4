"""What is fitted: the decoder, heads, weights and statistics."""
