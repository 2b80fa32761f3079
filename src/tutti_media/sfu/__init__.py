"""Forwarding for meetings: every pair's connection ends here, and what one sends once, all the others are sent.

Nothing is decoded. To each browser this is the peer that it believes to talk to: `leg` is one such connection, `room`
knows who is there, `source` and `forward` are one stream on its way in and on each of its ways out. All packets go
through one UDP socket (`port`), which answers ICE as a lite agent: browsers find us, we never look for them.
"""
