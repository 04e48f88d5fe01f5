"""The development environment: what `packaging/dev.py` does once the Python is right.

Standard library only, since it runs before anything is installed.
"""
