"""The panes at the right: the chosen token's numbers, and how tokens are sampled."""
