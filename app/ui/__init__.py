"""The window: widgets show, view models decide."""
