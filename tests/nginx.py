"""deploy/nginx run for real: its own files, of which only places and ports are changed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.server import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
HOST = "sanad.example.org"


def start_nginx(folder: Path, port: int, plain_port: int, upstreams: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start nginx over TLS on `port`, before the servers on these two upstream ports. It ends with `terminate()`."""
    write_configuration(folder, port, plain_port, upstreams)
    assert NGINX
    return subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])


def write_configuration(folder: Path, port: int, plain_port: int, upstreams: Sequence[int]) -> None:
    """Write certificate, site, upstream and main file into the folder."""
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    ask = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST}"
    subprocess.run([*ask.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    site = (ROOT / "deploy" / "nginx" / "sanad.conf").read_text()
    for written, wanted in {
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/sanad/": f"{folder}/",
        "/etc/sanad/tls/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/srv/sanad/app": f"{folder}/app",
    }.items():
        assert written in site, written
        site = site.replace(written, wanted)
    (folder / "site.conf").write_text(site)
    upstream = (ROOT / "deploy" / "nginx" / "upstream.conf").read_text()
    lines = [line for line in upstream.splitlines() if "server 127.0.0.1:5003" not in line and ":5004" not in line]
    upstream = "\n".join(lines)
    for ours, here in zip((5001, 5002), upstreams, strict=True):
        upstream = upstream.replace(f":{ours} ", f":{here} ")
    (folder / "upstream.conf").write_text(upstream)
    account = "user root;" if os.geteuid() == 0 else ""
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/start.log; {account}\n"
        f"events {{ worker_connections 64; }}\nhttp {{ {places} include {folder}/site.conf; }}\n"
    )
