"""Rooms alive: turns, fan-out, presence, limits. May wait; knows no wire format and no driver."""
