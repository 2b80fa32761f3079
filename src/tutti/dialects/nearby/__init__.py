"""Guide 002: who is near, listening to what, and finding one another; over HTTP and Socket.IO."""
