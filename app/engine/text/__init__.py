"""Between text and token ids: tokenizer, chat templates, channels, stop strings."""
