"""A short-lived process of its own, the only one that connects out."""
