"""Work that is done later, or again until it is done: kept with what asked for it."""
