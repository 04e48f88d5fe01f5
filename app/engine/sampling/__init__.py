"""From a row of logits to a token and its record: statistics, transforms, draws, replay."""
