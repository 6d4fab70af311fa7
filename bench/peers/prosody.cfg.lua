-- Prosody for one room with its archive on, on loopback. PORT and FOLDER are put in by bench/peers/servers.py.
run_as_root = true
daemonize = false
pidfile = "FOLDER/prosody.pid"
data_path = "FOLDER/data"
certificates = "FOLDER"
interfaces = { "127.0.0.1" }
c2s_ports = { PORT }
s2s_ports = {}
http_ports = {}
https_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
modules_enabled = { "roster", "saslauth", "disco" }
modules_disabled = { "s2s", "tls", "offline", "c2s_direct_tls" }
log = { error = "FOLDER/prosody.log" }

VirtualHost "localhost"

Component "rooms.localhost" "muc"
    modules_enabled = { "muc_mam" }
    muc_log_by_default = true
    muc_log_presences = false
    muc_room_locking = false
    -- Nobody is told who else is there: telling 500 people of 500 took two minutes and has no part in a message.
    muc_room_default_presence_broadcast = {}
    muc_room_default_history_length = 0
    max_history_messages = 0
