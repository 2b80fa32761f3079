"""Guide 003's sockets: one room, heard and told on several lines, each with words of its own."""
