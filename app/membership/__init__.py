"""Who comes in: applications, vouches, vetting, probation, and what happens to a branch when one of it did harm."""
