"""A mail server that keeps what it is sent: SMTP (RFC 5321) with STARTTLS and AUTH PLAIN, on a thread."""

import base64
import email
import email.policy
import queue
import socket
import ssl
import subprocess
import threading

WAIT_SECONDS = 30


def make_certificate(folder):
    """A key and a certificate of its own for localhost: the paths of both."""
    key, certificate = folder / "mail.key", folder / "mail.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return key, certificate


class SmtpSink:
    """`with SmtpSink() as sink:` listens on sink.port. `refusal` is the answer to every recipient instead."""

    def __init__(self, tls=None, password=None, refusal=None):
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certfile=tls[1], keyfile=tls[0])
        self.password = password  # (user, password) that AUTH PLAIN must show
        self.refusal = refusal
        self.mails = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        # Closing alone does not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(WAIT_SECONDS)

    def next_mail(self):
        """The next mail as (recipients, message, was_encrypted)."""
        return self.mails.get(timeout=WAIT_SECONDS)

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                _Conversation(self, connection).run()
            except OSError:
                pass  # the client went away, or does not trust the certificate
            finally:
                connection.close()


class _Conversation:
    def __init__(self, sink, connection):
        self.sink = sink
        self.is_encrypted = False
        self.is_signed_in = sink.password is None
        self.recipients = []
        self._use(connection)

    def _use(self, connection):
        connection.settimeout(WAIT_SECONDS)
        self.connection = connection
        self.file = connection.makefile("rb")

    def say(self, *lines):
        for index, line in enumerate(lines):
            code, _, text = line.partition(" ")
            joint = " " if index == len(lines) - 1 else "-"
            self.connection.sendall(f"{code}{joint}{text}\r\n".encode())

    def run(self):
        self.say("220 sink ready")
        while True:
            line = self.file.readline().decode().rstrip("\r\n")
            if not line:
                return
            word = line.split(" ")[0].upper()
            if word == "QUIT":
                return self.say("221 bye")
            getattr(self, f"do_{word.lower()}", self.unknown)(line)

    def unknown(self, line):
        self.say(f"500 what is {line.split(' ')[0]}?")

    def do_ehlo(self, line):
        offers = ["250 sink"]
        if self.sink.context and not self.is_encrypted:
            offers.append("250 STARTTLS")
        if self.sink.password:
            offers.append("250 AUTH PLAIN")
        self.say(*offers, "250 8BITMIME")

    def do_starttls(self, line):
        self.say("220 go ahead")
        self._use(self.sink.context.wrap_socket(self.connection, server_side=True))
        self.is_encrypted = True

    def do_auth(self, line):
        words = line.split(" ")
        if len(words) < 3:
            self.say("334 ")
            words.append(self.file.readline().decode().strip())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        self.is_signed_in = (user, password) == self.sink.password
        self.say("235 welcome" if self.is_signed_in else "535 wrong password")

    def do_mail(self, line):
        self.recipients = []
        self.say("250 ok" if self.is_signed_in else "530 sign in first")

    def do_rcpt(self, line):
        if self.sink.refusal:
            return self.say(self.sink.refusal)
        self.recipients.append(line.partition(":")[2].split(" ")[0].strip("<>"))
        return self.say("250 ok")

    def do_data(self, line):
        self.say("354 end with a dot")
        lines = []
        for raw in self.file:
            if raw == b".\r\n":
                break
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.sink.mails.put((self.recipients, message, self.is_encrypted))
        self.say("250 kept")
