"""Other chat servers under the load of bench: bare Socket.IO on Node; Prosody, ejabberd and Synapse with their archives."""
