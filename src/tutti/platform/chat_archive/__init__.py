"""What was said in parties, for longer than their rooms remember."""
