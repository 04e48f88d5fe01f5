"""Speed measurements of the loaded model, made so that they can be trusted."""
