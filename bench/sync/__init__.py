"""How far apart players are: Tutti and Syncplay with real players, through the same bad network, in turns.

Every instant in here is milliseconds of the machine's monotonic clock, which all processes share.
"""
