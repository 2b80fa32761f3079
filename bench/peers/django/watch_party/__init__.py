"""The social half of guide 003 on Django REST framework and Channels, as far as the bench compares it."""
