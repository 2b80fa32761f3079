"""Who people are to one another: profiles, friends, and who wants nothing to do with whom."""
