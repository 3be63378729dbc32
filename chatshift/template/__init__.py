"""What is asked of a chat template: the one call of it, and its turn format, probed once."""
