"""Who looked: whatever staff read of a person is noted with its purpose, in the same transaction, for the person to see."""
