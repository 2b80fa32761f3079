"""Who is near, as far as they share it: presence, published cells, finding one another, shared music."""
