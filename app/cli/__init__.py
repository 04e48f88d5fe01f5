"""The terminal: one small module per verb, thin over the services."""
