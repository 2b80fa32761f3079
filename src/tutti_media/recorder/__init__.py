"""The recorder: a member of a meeting that only listens, and keeps what it is sent, as it is sent, in files.

Nothing is decoded. RTP goes through an order (`ordering`), becomes frames (`vp8`), gets the time at which it was
captured (`timing`), and is written as WebM (`webm`) that is playable at every moment.
"""
