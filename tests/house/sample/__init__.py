"""Letters: a small feature made for the tests, for rules of the kernel that nothing in the product uses in full yet."""
