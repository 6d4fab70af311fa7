"""Second factors: passkeys, one-time codes and recovery codes, and what a person does with them."""
