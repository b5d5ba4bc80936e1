# SPDX-License-Identifier: LGPL-2.1-or-later
"""A raw IMAP client: sends exactly the octets it is given and hides nothing of the answers.

Answers are parsed into tokens: None is NIL, `Atom` an atom (numbers and FETCH item names with
their brackets too), bytes a quoted string or literal, list a parenthesised list.
"""

import re
import socket
import ssl
import time


class Atom(bytes):
    """An atom; compares like the bytes it is."""

    def __repr__(self):
        return 'Atom(%s)' % bytes.__repr__(self)


class Lit:
    """A literal to send; `sync` waits for the continuation, else it is `{n+}`."""

    def __init__(self, data, sync=False, binary=False):
        self.data, self.sync, self.binary = data, sync, binary

    def head(self):
        return b'%s{%d%s}\r\n' % (b'~' if self.binary else b'', len(self.data),
                                  b'' if self.sync else b'+')


class ImapError(Exception):
    """The server closed, was silent for too long, or its answer could not be parsed."""


class Refused(Exception):
    """A command that had to succeed did not."""

    def __init__(self, command, reply):
        super().__init__('%r answered %s' % (command[:200], reply.line[:300]))
        self.reply = reply


class Parser:
    """Tokens of one complete response (its literals are inside `data`)."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def tokens(self):
        out = []
        while True:
            self.spaces()
            if self.at >= len(self.data) or self.data[self.at:] == b'\r\n':
                return out
            out.append(self.one())

    def spaces(self):
        while self.data[self.at:self.at + 1] == b' ':
            self.at += 1

    def one(self):
        char = self.data[self.at:self.at + 1]
        if char == b'(':
            return self.list()
        if char == b'"':
            return self.quoted()
        if char in (b'{', b'~'):
            found = re.compile(rb'~?\{(\d+)\}\r\n').match(self.data, self.at)
            if found:
                start = found.end()
                self.at = start + int(found.group(1))
                return self.data[start:self.at]
        return self.atom()

    def list(self):
        self.at += 1
        out = []
        while True:
            self.spaces()
            char = self.data[self.at:self.at + 1]
            if char == b')':
                self.at += 1
                return out
            if char in (b'', b'\r'):
                raise ImapError('list does not end: %r' % self.data[:200])
            out.append(self.one())

    def quoted(self):
        found = re.compile(rb'"((?:[^"\\\r\n]|\\["\\])*)"').match(self.data, self.at)
        if not found:
            raise ImapError('bad quoted string: %r' % self.data[self.at:self.at + 80])
        self.at = found.end()
        return re.sub(rb'\\(.)', rb'\1', found.group(1))

    def atom(self):
        start, depth = self.at, 0
        while self.at < len(self.data):
            char = self.data[self.at:self.at + 1]
            if char == b'[':
                depth += 1
            elif char == b']' and depth:
                depth -= 1
            elif depth and char == b'"':
                self.quoted()
                continue
            elif not depth and char in b' ()\r\n' or char == b'\r':
                break
            self.at += 1
        if self.at == start:
            raise ImapError('no token at %r' % self.data[start:start + 80])
        word = self.data[start:self.at]
        return None if word.upper() == b'NIL' else Atom(word)


class Response:
    """One response: `tag` is b'*', b'+' or the tag; `kind` the upper-case word that names it."""

    CODE = re.compile(rb' ?\[([^\]\s]+)(?: ((?:[^\]"]|"(?:[^"\\]|\\.)*")*))?\] ?')

    def __init__(self, data):
        self.line = data
        head = data.split(b' ', 1)
        self.tag = head[0].rstrip(b'\r\n')
        self.kind = self.number = self.code = self.code_value = None
        self.text, self.tokens = b'', []
        if self.tag == b'+':
            self.text = head[1].rstrip(b'\r\n') if len(head) > 1 else b''
            return
        rest = head[1] if len(head) > 1 else b''
        word = re.match(rb'[^ \r\n]*', rest).group()
        if word.isdigit():
            self.number = int(word)
            rest = rest[len(word) + 1:]
            word = re.match(rb'[^ \r\n]*', rest).group()
        self.kind = word.upper()
        rest = rest[len(word):]
        if self.kind in (b'OK', b'NO', b'BAD', b'BYE', b'PREAUTH') and self.number is None:
            self._status(rest)
        else:
            self.tokens = Parser(rest).tokens()

    def _status(self, rest):
        found = self.CODE.match(rest)
        if found:
            self.code, self.code_value = found.group(1).upper(), found.group(2)
            rest = rest[found.end():]
        self.text = rest.strip()

    def __repr__(self):
        return 'Response(%r)' % self.line[:300]

    def items(self):
        """FETCH: item name (upper case) → value."""
        pairs = self.tokens[0]
        if len(pairs) % 2:
            raise ImapError('odd FETCH list: %r' % self.line[:300])
        return {bytes(pairs[i]).upper(): pairs[i + 1] for i in range(0, len(pairs), 2)}


class Reply(Response):
    """The tagged answer and what came before it (`untagged`)."""

    untagged = ()

    @property
    def ok(self):
        return self.kind == b'OK'

    def all(self, kind):
        return [r for r in self.untagged if r.kind == kind]

    def first(self, kind):
        for response in self.untagged:
            if response.kind == kind:
                return response
        return None

    def codes(self):
        """Response codes of the untagged status responses and of the tagged one."""
        found = {r.code: r.code_value for r in self.untagged if r.code}
        if self.code:
            found[self.code] = self.code_value
        return found

    def fetched(self):
        """Sequence number → item name → value, merged over the responses."""
        out = {}
        for response in self.all(b'FETCH'):
            out.setdefault(response.number, {}).update(response.items())
        return out

    def by_uid(self):
        return {int(items[b'UID']): items for items in self.fetched().values()
                if b'UID' in items}


def no_verify():
    """A TLS context for certificates that a test has just made."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Imap:
    """One connection. `tls` is None, 'implicit' or 'starttls'."""

    LITERAL = re.compile(rb'\{(\d+)\}\r\n$')

    def __init__(self, host, port, tls=None, user=None, password='secret', timeout=30,
                 greet=True, cafile=None):
        self.timeout, self.counter, self.buffer = timeout, 0, b''
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.context = no_verify()
        if cafile:
            self.context = ssl.create_default_context(cafile=cafile)
            self.context.check_hostname = False
        if tls == 'implicit':
            self.sock = self.context.wrap_socket(self.sock)
        self.greeting = self.response() if greet else None
        if tls == 'starttls':
            self.starttls()
        if user:
            self.login(user, password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # octets

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        try:
            self.sock.sendall(data)
        except OSError as problem:
            raise ImapError('sending: %s' % problem) from problem

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise ImapError('no answer in time (have %r)' % self.buffer[:200])
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(262144)
        except (socket.timeout, TimeoutError) as problem:
            raise ImapError('no answer in time (have %r)' % self.buffer[:200]) from problem
        except OSError as problem:
            raise ImapError('receiving: %s' % problem) from problem
        if not data:
            raise ImapError('connection closed by the server')
        self.buffer += data

    def raw_line(self, deadline=None):
        deadline = deadline or time.monotonic() + self.timeout
        at = 0
        while True:
            end = self.buffer.find(b'\n', at)
            if end >= 0:
                line, self.buffer = self.buffer[:end + 1], self.buffer[end + 1:]
                return line
            at = len(self.buffer)
            self._fill(deadline)

    def raw_bytes(self, count, deadline=None):
        deadline = deadline or time.monotonic() + self.timeout
        if len(self.buffer) < count:
            chunks, have = [self.buffer], len(self.buffer)
            while have < count:
                self.buffer = b''
                self._fill(deadline)
                chunks.append(self.buffer)
                have += len(self.buffer)
            self.buffer = b''.join(chunks)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def raw_response(self, timeout=None):
        """All octets of one response, its literals included."""
        deadline = time.monotonic() + (timeout or self.timeout)
        parts = [self.raw_line(deadline)]
        while True:
            found = self.LITERAL.search(parts[-1])
            if not found:
                return b''.join(parts)
            parts.append(self.raw_bytes(int(found.group(1)), deadline))
            parts.append(self.raw_line(deadline))

    def response(self, timeout=None):
        return Response(self.raw_response(timeout))

    # commands

    def new_tag(self):
        self.counter += 1
        return b'a%d' % self.counter

    def start(self, *parts):
        """Send a command; its tag is returned. Waits for continuations of synchronising literals."""
        tag = self.new_tag()
        pending = tag + b' '
        self.early = []
        for part in parts:
            if isinstance(part, Lit):
                pending += part.head()
                if part.sync:
                    self.send(pending)
                    pending = b''
                    refused = self._continuation(tag)
                    if refused:
                        self.refused = refused
                        return tag
                pending += part.data
            else:
                pending += part.encode() if isinstance(part, str) else part
        self.refused = None
        self.send(pending + b'\r\n')
        return tag

    def _continuation(self, tag):
        while True:
            response = self.response()
            if response.tag == b'+':
                return None
            if response.tag == tag:
                return response.line
            self.early.append(response)

    def finish(self, tag, timeout=None):
        deadline = time.monotonic() + (timeout or self.timeout)
        untagged = list(getattr(self, 'early', []))
        self.early = []
        raw = getattr(self, 'refused', None)
        self.refused = None
        while raw is None or not raw.startswith(tag + b' '):
            raw = self.raw_response(max(0.001, deadline - time.monotonic()))
            if not raw.startswith(tag + b' '):
                response = Response(raw)
                untagged.append(response)
                if response.kind == b'BYE' and response.tag == b'*' and not self.leaving:
                    raise ImapError('BYE: %r' % raw)
        reply = Reply(raw)
        reply.untagged = untagged
        return reply

    leaving = False

    def cmd(self, *parts, timeout=None):
        return self.finish(self.start(*parts), timeout)

    def ok(self, *parts, timeout=None):
        reply = self.cmd(*parts, timeout=timeout)
        if not reply.ok:
            raise Refused(parts[0] if isinstance(parts[0], bytes) else parts[0].encode(), reply)
        return reply

    # what the tests say often

    def starttls(self):
        self.ok('STARTTLS')
        if self.buffer:
            raise ImapError('octets after STARTTLS: %r' % self.buffer)
        self.sock = self.context.wrap_socket(self.sock)

    def login(self, user, password='secret'):
        return self.ok('LOGIN %s %s' % (user, password), timeout=max(self.timeout, 60))

    def capabilities(self):
        response = self.ok('CAPABILITY').first(b'CAPABILITY')
        return {bytes(t).upper() for t in response.tokens}

    def select(self, mailbox='INBOX', how='SELECT'):
        return self.ok('%s %s' % (how, quote(mailbox)), timeout=max(self.timeout, 120))

    def examine(self, mailbox='INBOX'):
        return self.select(mailbox, 'EXAMINE')

    def append(self, mailbox, message, flags=(), date=None, sync=False):
        head = 'APPEND %s ' % quote(mailbox)
        if flags:
            head += '(%s) ' % ' '.join(flags)
        if date:
            head += '"%s" ' % date
        return self.ok(head, Lit(message, sync), timeout=max(self.timeout, 60))

    def fetch(self, numbers, items, uid=False):
        return self.ok('%sFETCH %s %s' % ('UID ' if uid else '', numbers, items)).fetched()

    def uids(self):
        """UIDs of the selected mailbox in sequence order."""
        reply = self.ok('UID SEARCH ALL')
        found = reply.first(b'SEARCH')
        if found is None:      # a rev2 session answers with ESEARCH
            tokens = reply.first(b'ESEARCH').tokens
            for index, token in enumerate(tokens):
                if token == b'ALL':
                    return expand(tokens[index + 1])
            return []
        return [int(t) for t in found.tokens]

    def status(self, mailbox, items='MESSAGES UIDNEXT UIDVALIDITY UNSEEN'):
        reply = self.ok('STATUS %s (%s)' % (quote(mailbox), items))
        values = reply.first(b'STATUS').tokens[1]
        return {bytes(values[i]).upper(): int(values[i + 1]) for i in range(0, len(values), 2)}

    def idle(self):
        """Start IDLE; `done` ends it."""
        self.idle_tag = self.start('IDLE')
        while True:
            response = self.response()
            if response.tag == b'+':
                return
            self.early.append(response)

    def done(self):
        self.send(b'DONE\r\n')
        return self.finish(self.idle_tag)

    def wait_untagged(self, wanted, timeout):
        """Read until `wanted(response)`; everything read is returned."""
        seen, deadline = [], time.monotonic() + timeout
        while True:
            seen.append(self.response(max(0.001, deadline - time.monotonic())))
            if wanted(seen[-1]):
                return seen

    def logout(self):
        self.leaving = True
        try:
            self.cmd('LOGOUT')
        except ImapError:
            pass
        self.close()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


def quote(name):
    if isinstance(name, bytes):
        name = name.decode()
    if re.fullmatch(r'[A-Za-z0-9._/-]+', name):
        return name
    return '"%s"' % name.replace('\\', '\\\\').replace('"', '\\"')


def expand(sequence):
    """`1:3,7` → [1, 2, 3, 7]"""
    out = []
    for piece in bytes(sequence).decode().split(','):
        first, _, last = piece.partition(':')
        out.extend(range(int(first), int(last or first) + 1))
    return out


def copyuid(reply):
    """COPYUID of a reply → (uidvalidity, source UIDs, target UIDs); None if there is none."""
    value = reply.codes().get(b'COPYUID')
    if value is None:
        return None
    validity, source, target = value.split()
    return int(validity), expand(source), expand(target)


def appenduid(reply):
    """APPENDUID of a reply → (uidvalidity, UIDs); None if there is none."""
    value = reply.codes().get(b'APPENDUID')
    if value is None:
        return None
    validity, uids = value.split()
    return int(validity), expand(uids)
