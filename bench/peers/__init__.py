"""The servers that Tutti is measured against: small, honest, in memory, speaking the same wire."""
