"""Writes that are sent again are done once."""
