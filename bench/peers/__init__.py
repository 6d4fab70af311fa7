"""Other chat servers under the load of bench: a bare Socket.IO server on Node, Prosody and ejabberd with their archives on."""
