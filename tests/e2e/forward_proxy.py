"""A forward proxy, by HTTP's CONNECT and by SOCKS5, that leads every name to one address: as a
bastion host does that alone knows the names of its network.
"""

import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer

HEAD_BYTES_MAX = 8192
SOCKS5 = b"\x05"


class Handler(BaseRequestHandler):
    def handle(self):
        is_socks = self.request.recv(1, socket.MSG_PEEK) == SOCKS5
        target, accepted = self.read_socks() if is_socks else self.read_connect()
        if target is None:
            return
        with socket.create_connection(self.server.owner.address) as peer:
            self.server.owner.note(target)
            self.request.sendall(accepted)
            back = threading.Thread(target=pump, args=(peer, self.request), daemon=True)
            back.start()
            pump(self.request, peer)
            back.join()

    def read_connect(self):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES_MAX:
            piece = self.request.recv(1024)
            if not piece:
                return None, None
            head += piece
        method, target = head.decode("latin-1").split()[:2]
        if method != "CONNECT":
            self.request.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
            return None, None
        return target, b"HTTP/1.1 200 Connected\r\n\r\n"

    def read_socks(self):
        """RFC 1928, without authentication; names only."""
        _, methods = self.read_bytes(2)
        self.read_bytes(methods)
        self.request.sendall(SOCKS5 + b"\x00")
        head = self.read_bytes(5)
        if head[1:4] != b"\x01\x00\x03":  # CONNECT to a name
            self.request.sendall(SOCKS5 + b"\x08\x00\x01" + bytes(6))
            return None, None
        name = self.read_bytes(head[4]).decode()
        port = int.from_bytes(self.read_bytes(2))
        return f"{name}:{port}", SOCKS5 + b"\x00\x00\x01" + bytes(6)

    def read_bytes(self, count):
        return self.request.recv(count, socket.MSG_WAITALL)


def pump(source, destination):
    try:
        while piece := source.recv(65536):
            destination.sendall(piece)
    except OSError:
        pass
    for end in (source, destination):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class ForwardProxy:
    """To (host, port). `targets` is what clients asked for, in order."""

    def __init__(self, address):
        self.address = address
        self.targets = []
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        port = self.server.server_address[1]
        self.urls = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme in ("http", "socks5")}
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def note(self, target):
        with self.lock:
            self.targets.append(target)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
