"""A mail server that can be down, slow, unwilling and forgetful."""

from __future__ import annotations

import socketserver
import threading
import time
from email import message_from_bytes

LINES = {b"EHLO": b"250 harness", b"HELO": b"250 harness", b"MAIL": b"250 ok", b"RCPT": b"250 ok"}


class MailServer:
    """Takes mail as its mood says: fine, down, slow, later, never, or takes it and hangs up."""

    def __init__(self) -> None:
        self.mood = "fine"
        self.taken: list[str] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.talk(self)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])

    def start(self) -> MailServer:
        """Begin to listen."""
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()

    def talk(self, peer: socketserver.StreamRequestHandler) -> None:
        """One connection."""
        if self.mood == "down":
            return
        peer.wfile.write(b"220 harness\r\n")
        while line := peer.rfile.readline():
            word = line[:4].upper()
            if self.mood == "slow":
                time.sleep(1)
            if word == b"QUIT":
                peer.wfile.write(b"221 bye\r\n")
                return
            if word == b"DATA":
                if not self._take(peer):
                    return
            elif word == b"RCPT" and self.mood in ("later", "never"):
                code = b"451 later" if self.mood == "later" else b"550 never"
                peer.wfile.write(code + b"\r\n")
            else:
                peer.wfile.write(LINES.get(word, b"250 ok") + b"\r\n")

    def _take(self, peer: socketserver.StreamRequestHandler) -> bool:
        peer.wfile.write(b"354 go on\r\n")
        body = b""
        while (line := peer.rfile.readline()) not in (b".\r\n", b""):
            body += line
        self.taken.append(str(message_from_bytes(body)["Message-ID"]))
        if self.mood == "forgetful":
            return False
        peer.wfile.write(b"250 taken\r\n")
        return True
