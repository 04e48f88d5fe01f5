"""What a model remembers of conversations: caches, their rows and who has them."""
