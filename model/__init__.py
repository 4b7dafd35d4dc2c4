"""What music is, how it is learnt and made. Never imports bridge."""
