"""Tutti's own dialect, `tutti.v1`: everything a room can do, as numbered events over a JSON WebSocket."""
