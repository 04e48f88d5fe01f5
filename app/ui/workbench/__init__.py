"""The workbench: what can be done with probabilities beside chatting, and exports."""
