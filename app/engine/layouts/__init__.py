"""How exporters lay a model out on disk: one module per layout, each giving the variants that a
folder offers. Only names, listings and small JSON files are read."""
