"""Makes the model that ships with Candor: text, tokenizer, training, export and evaluation."""
