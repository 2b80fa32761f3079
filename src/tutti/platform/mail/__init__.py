"""Letters: what they look like, and how they leave."""
