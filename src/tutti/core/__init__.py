"""What a room is and may become. Values in, values out: no clock, no randomness, no I/O; times are arguments."""
