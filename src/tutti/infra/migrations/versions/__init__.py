"""One module a revision. Append; never edit one that was released."""
