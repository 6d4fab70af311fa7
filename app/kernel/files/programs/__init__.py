"""Programs that open what somebody brought, each in a process of its own. Nothing of the house imports them or runs in them."""
