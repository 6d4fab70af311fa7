"""Names of one's own in a space: in rooms, with opportunities, with testimonies. Others cannot link them."""
