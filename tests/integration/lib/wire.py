# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay between a mail client and an IMAP server that writes down what both say.

Plain IMAP only: what goes over TLS or is compressed is passed on, but not understood.
"""

import collections
import re
import socket
import threading

Said = collections.namedtuple('Said', 'connection command answer')

_LITERAL = re.compile(rb'\{(\d+)(\+?)\}$')


class Lines:
    """Octets in, whole commands or responses out, their literals left as {n}."""

    def __init__(self):
        self.rest, self.skip, self.text, self.synchronizing = b'', 0, b'', False
        self.carried = 0

    def feed(self, data):
        out, self.rest = [], self.rest + data
        while self.rest:
            if self.skip:
                taken = min(self.skip, len(self.rest))
                self.rest, self.skip = self.rest[taken:], self.skip - taken
                self.carried += taken
                continue
            line, end, rest = self.rest.partition(b'\r\n')
            if not end:
                break
            self.rest, self.text = rest, self.text + line
            literal = _LITERAL.search(line)
            if literal:
                self.skip, self.synchronizing = int(literal[1]), not literal[2]
            else:
                out.append(self.text)
                self.text, self.synchronizing = b'', False
        return out

    def refused(self):
        """The literal that was announced will not come."""
        text, self.skip, self.text, self.synchronizing = self.text, 0, b'', False
        return text


class Conversation:
    """One connection: commands wait here for their tagged answers."""

    def __init__(self, wire, number):
        self.wire, self.number = wire, number
        self.up, self.down = Lines(), Lines()
        self.waiting, self.talking, self.going_on = {}, None, False
        self.closed = False

    def client(self, data):
        for line in self.up.feed(data):
            self._command(line)

    def _command(self, line):
        tag, _, command = line.partition(b' ')
        if self.talking and (not command or line == b'*'):
            return              # DONE, or a step of SASL
        if tag in self.waiting or not command:
            self.wire.odd.append((self.number, line))
        self.waiting[tag] = command
        self.going_on = False
        self.talking = tag if re.match(rb'(?i)(IDLE|AUTHENTICATE)\b', command) else self.talking

    def server(self, data):
        for line in self.down.feed(data):
            tag, _, answer = line.partition(b' ')
            if tag in (b'*', b'+'):
                self.wire.untagged.append((self.number, line))
                self.going_on = self.going_on or tag == b'+'
                continue
            if self.up.synchronizing and self.up.text.startswith(tag + b' '):
                self._command(self.up.refused())
            if self.talking == tag:
                self.talking = None
            self.wire.said.append(Said(self.number, self.waiting.pop(tag, b'?'), answer))


class Wire:
    """Listens on `host`:`port` while it is entered; what was said is in `said` and `untagged`."""

    def __init__(self, host, port):
        self.behind, self.host, self.port = (host, port), '127.0.0.1', 0
        self.said, self.untagged, self.odd = [], [], []
        self.lock, self.open, self.talks = threading.Lock(), set(), []
        self.listener = None

    def __enter__(self):
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        _shut(self.listener)
        with self.lock:
            for sock in self.open:
                _shut(sock)

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.behind)
            except OSError:
                return
            with self.lock:
                self.open |= {near, far}
                talk = Conversation(self, len(self.talks) + 1)
                self.talks.append(talk)
            for source, sink, hear in ((near, far, talk.client), (far, near, talk.server)):
                threading.Thread(target=self._pump, args=(source, sink, hear, talk), daemon=True).start()

    def _pump(self, source, sink, hear, talk):
        try:
            while data := source.recv(65536):
                with self.lock:     # written down before it arrives: an answer never comes first
                    hear(data)
                sink.sendall(data)
        except OSError:
            pass
        talk.closed = True
        _shut(sink)

    # what was said

    def idling(self):
        """Connections that are in IDLE now, the server having said so."""
        with self.lock:
            return [talk.number for talk in self.talks
                    if talk.going_on and talk.waiting.get(talk.talking, b'').upper() == b'IDLE']

    def unanswered(self):
        """Commands that wait for their answers, but for IDLE."""
        with self.lock:
            return [command for talk in self.talks if not talk.closed for command in talk.waiting.values()
                    if command.upper() != b'IDLE']

    def forget(self):
        """Begin anew, with the connections that are open."""
        with self.lock:
            self.said.clear()
            self.untagged.clear()

    def commands(self, pattern):
        """Answered commands that match the regular expression from their start on."""
        with self.lock:
            return [said for said in self.said if re.match(pattern.encode(), said.command, re.I)]

    def refused(self, expected=()):
        """Commands answered NO or BAD, but for those that match one of `expected`."""
        with self.lock:
            return [said for said in self.said if not said.answer.startswith(b'OK')
                    and not any(re.match(e.encode(), said.command, re.I) for e in expected)]

    def transcript(self):
        """All commands and their answers, to be read by people."""
        with self.lock:
            return '\n'.join('%d %s → %s' % (s.connection, s.command.decode('utf-8', 'replace')[:160],
                                             s.answer.decode('utf-8', 'replace')[:100])
                             for s in self.said)


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()
