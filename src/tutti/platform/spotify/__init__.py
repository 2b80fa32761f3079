"""Connections to Spotify: signing in with it, and the tokens that people trusted us with."""
