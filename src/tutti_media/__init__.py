"""Processes that carry media beside the server: what they share with it is the documented protocol, and no code."""
