"""Tutti: one server for being together in real time."""

__version__ = "0.1.0"
