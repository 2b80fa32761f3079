"""Watch parties: what outlives their rooms. Who hosts and takes part, when, who was invited, and what became of it."""
