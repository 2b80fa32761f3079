"""Guide 001, "Watch Together": films watched in company, over Socket.IO and `/auth/watch-together`."""
