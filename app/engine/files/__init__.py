"""The files of a model: found, checked, read and understood before anything runs."""
