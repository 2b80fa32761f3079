"""Conversations of two and of many: who is in them, what was said, and how far each has read."""
