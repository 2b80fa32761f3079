"""How the tables came to be what they are, a revision at a time; each goes forward and back."""
