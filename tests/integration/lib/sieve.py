# SPDX-License-Identifier: LGPL-2.1-or-later
"""A ManageSieve client (RFC 5804) for tests: what comes is parsed strictly, what goes is anything."""

import base64
import contextlib
import re
import socket
import ssl
import time

_STATUS = ('OK', 'NO', 'BYE')
_LITERAL = re.compile(rb'\{(\d+)\}$')
_TOKEN = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"|([()])|([^ "(){}\\\r\n]+)')


class SieveError(Exception):
    """The connection ended, or what came is not ManageSieve."""


class Answer:
    """OK, NO or BYE, with the lines that came before it."""

    def __init__(self, tokens, lines):
        self.kind, rest = tokens[0].upper(), list(tokens[1:])
        self.code, self.value, self.lines = None, None, lines
        if rest and rest[0] == '(':
            end = rest.index(')')
            self.code = rest[1].upper()
            self.value = rest[2] if end > 2 else None
            rest = rest[end + 1:]
        self.text = rest[0].decode() if rest else ''

    ok = property(lambda self: self.kind == 'OK')
    outcome = property(lambda self: (self.kind, self.code))

    def __repr__(self):
        return '%s%s %r' % (self.kind, ' (%s)' % self.code if self.code else '', self.text)


def quote(text):
    """A string as a client sends it: quoted, or as a literal where it has to be."""
    octets = text.encode() if isinstance(text, str) else text
    if len(octets) > 1024 or re.search(rb'[\r\n\0]', octets):
        return literal(octets)
    return b'"%s"' % octets.replace(b'\\', b'\\\\').replace(b'"', b'\\"')


def literal(octets):
    return b'{%d+}\r\n%s' % (len(octets), octets)


def plain(user, password):
    return base64.b64encode(('\0%s\0%s' % (user, password)).encode()).decode()


class Sieve:
    """One connection; signed in where `user` is given. `tls` is None, 'starttls' or 'implicit'."""

    def __init__(self, host, port, tls=None, user=None, password='secret', timeout=30):
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.buffer, self.capabilities = b'', {}
        if tls == 'implicit':
            self.sock = self.context.wrap_socket(self.sock)
        self.greeting = self._learn(self.answer())
        if tls == 'starttls':
            self.starttls()
        if user is not None:
            self.login(user, password)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.logout()
        else:
            self.close()

    def close(self):
        self.sock.close()

    def logout(self):
        """LOGOUT, and wait for the end: timsieved keeps scripts locked that a session has changed."""
        with contextlib.suppress(OSError, SieveError):
            self.send('LOGOUT\r\n')
            self.sock.settimeout(10)
            self.answer()
            while True:
                self._fill()
        self.sock.close()

    # octets

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def _fill(self):
        try:
            # or the last small segment of an answer waits for our acknowledgement
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            data = self.sock.recv(1 << 18)
        except OSError as problem:
            raise SieveError('%s; so far %r' % (problem, self.buffer[-200:])) from problem
        if not data:
            raise SieveError('closed; so far %r' % self.buffer[-200:])
        self.buffer += data

    def _take(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            self.buffer = b''
            self._fill()
            parts.append(self.buffer)
            have += len(self.buffer)
        whole = b''.join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def raw_line(self):
        """A line with its literals, and the CRLF of its end."""
        raw = b''
        while True:
            while b'\r\n' not in self.buffer:
                self._fill()
            text, _, self.buffer = self.buffer.partition(b'\r\n')
            raw += text + b'\r\n'
            found = _LITERAL.search(text)
            if not found:
                return raw
            raw += self._take(int(found[1]))

    def line(self):
        """The tokens of a line: bytes for strings, str for everything else."""
        raw, tokens = self.raw_line(), []
        while True:
            text, _, raw = raw.partition(b'\r\n')
            found = _LITERAL.search(text)
            tokens += tokenize(text[:found.start()] if found else text)
            if not found:
                return tokens
            size = int(found[1])
            tokens.append(raw[:size])
            raw = raw[size:]

    def answer(self):
        lines = []
        while True:
            tokens = self.line()
            if tokens and isinstance(tokens[0], str) and tokens[0].upper() in _STATUS:
                return Answer(tokens, lines)
            lines.append(tokens)

    def ended(self, seconds=10):
        """Whether the server has closed, at once or soon."""
        self.sock.settimeout(seconds)
        try:
            return self.buffer == b'' and self.sock.recv(1) == b''
        except (TimeoutError, ssl.SSLError):
            return False
        except OSError:
            return True

    # commands

    def cmd(self, *parts):
        """Send a command: str parts as they are, bytes as strings of the protocol."""
        self.start(*parts)
        return self.answer()

    def start(self, *parts):
        self.send(b' '.join(quote(p) if isinstance(p, bytes) else p.encode() for p in parts) + b'\r\n')

    def good(self, *parts):
        answer = self.cmd(*parts)
        if not answer.ok:
            raise SieveError('%s: %r' % (parts[0], answer))
        return answer

    def _learn(self, answer):
        self.capabilities = {line[0].decode().upper(): (line[1].decode() if len(line) > 1 else None)
                             for line in answer.lines}
        return answer

    def capability(self):
        return self._learn(self.good('CAPABILITY'))

    def starttls(self):
        self.good('STARTTLS')
        self.sock = self.context.wrap_socket(self.sock)
        return self._learn(self.answer())

    def login(self, user, password='secret'):
        self.good('AUTHENTICATE "PLAIN" "%s"' % plain(user, password))
        self.capability()

    # scripts

    def put(self, name, script):
        return self.cmd('PUTSCRIPT', name.encode(), script)

    def get(self, name):
        return self.good('GETSCRIPT', name.encode()).lines[0][0]

    def list(self):
        """{name: whether it is active}"""
        return {line[0].decode(): line[1:] == ['ACTIVE'] for line in self.good('LISTSCRIPTS').lines}

    def activate(self, name):
        return self.cmd('SETACTIVE', name.encode())

    def delete(self, name):
        return self.cmd('DELETESCRIPT', name.encode())

    def rename(self, old, new):
        return self.cmd('RENAMESCRIPT', old.encode(), new.encode())

    def clear(self):
        """Leaves nothing."""
        self.good('SETACTIVE ""')
        for name in self.list():
            self.good('DELETESCRIPT', name.encode())


def tokenize(text):
    tokens, at = [], 0
    while at < len(text):
        if text[at:at + 1] == b' ':
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if not found:
            raise SieveError('not ManageSieve: %r' % text)
        if found[1] is not None:
            tokens.append(re.sub(rb'\\(.)', rb'\1', found[1]))
        else:
            tokens.append((found[2] or found[3]).decode())
        at = found.end()
    return tokens


def timed(function, *arguments):
    """(result, seconds)"""
    started = time.monotonic()
    return function(*arguments), time.monotonic() - started
