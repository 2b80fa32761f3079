"""What is on its way to somebody live: kept with what it tells of, and handed over after that was kept."""
