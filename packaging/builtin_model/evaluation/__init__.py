"""Measures a shipped model folder on questions that were never trained on."""
