"""Who a token belongs to: JWTs, Spotify, and what the logs may say about either."""
