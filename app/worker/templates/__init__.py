"""The worker's helper process, in which chat templates run."""
