"""The moderators' working day: one queue, reports, measures, appeals, and acts that need two persons."""
