# SPDX-License-Identifier: LGPL-2.1-or-later
"""Play one transcript against a server and fail where it leaves the script."""

import base64
import os
import re
import time

from lib import procs
from lib.imap import Imap, ImapError, quote
from lib.tap import Failure

from match import expand, json_matches, literal_text, parse_call, pattern
from script import SILENT, BadScript, unescape

SECONDS = 5 * procs.PATIENCE
QUIET = 0.25 * procs.PATIENCE
MAX_NOTED = 14
# response codes of NO, which the native server mostly lacks
NO_CODE = re.compile(r'^(\w+ NO) \[[A-Z]+\] ')


class Connection(Imap):
    """What was read too early, what may be passed over, and the last of the dialogue."""

    def __init__(self, host, port):
        super().__init__(host, port, timeout=SECONDS, greet=False)
        self.pending, self.skip, self.noted = [], [], []

    def read(self):
        """The next response without its CRLF; None at the end of the connection."""
        if self.pending:
            return self.pending.pop(0)
        try:
            line = self.raw_response()
        except ImapError as problem:
            if 'no answer in time' in str(problem):
                raise
            return None
        self.note('S: ', line)
        return line[:-2] if line.endswith(b'\r\n') else line

    def write(self, data):
        self.note('C: ', data)
        self.send(data)

    def note(self, who, data):
        text = data.decode('utf-8', 'backslashreplace').rstrip('\r\n')
        self.noted.append(who + (text if len(text) < 400 else text[:400] + '…'))
        del self.noted[:-MAX_NOTED]


class Player:
    """One transcript on one stage: a Stage has the servers, the user is new."""

    def __init__(self, script, stage, user):
        self.script, self.stage, self.user = script, stage, user
        self.connections, self.begun, self.faults = {}, False, []
        self.counted = {}
        self.variables = {
            'user': user.encode(), 'password': b'secret',
            'sasl_plain': base64.b64encode(b'\0%s\0secret' % user.encode()),
        }
        for other in script.others:
            self.variables[other] = ('%s-%s' % (user, other)).encode()

    def play(self):
        try:
            for step in self.script.steps:
                self._step(step)
            self._check_ends()
        finally:
            for connection in self.connections.values():
                connection.close()
            if self.faults:
                self.stage.set_faults([])

    def _step(self, step):
        if not self.begun and step.what not in SILENT:
            self._begin()
        try:
            getattr(self, '_' + step.what)(step)
        except (Failure, ImapError, BadScript) as problem:
            raise Failure(self._explain(step, problem)) from problem

    def _explain(self, step, problem):
        lines = ['%s:%d: %s' % (os.path.relpath(self.script.path), step.number, problem)]
        for number, connection in sorted(self.connections.items()):
            lines.append('connection %d:' % number)
            lines += ['  ' + line.replace('\n', '\n     ') for line in connection.noted]
        return '\n'.join(lines)

    def _begin(self):
        self.begun = True
        try:
            self._open(1, self.script.begin)
        except (ImapError, Failure) as problem:
            raise Failure('%s: beginning with “%s”: %s' % (
                self.script.name, ' '.join(self.script.begin), problem)) from problem
        self.stage.start_counting()

    def _open(self, who, how):
        connection = Connection(self.stage.host, self.stage.port)
        if who in self.connections:
            self.connections[who].close()
        self.connections[who] = connection
        if how[0] == 'nothing':
            return
        if self.script.protocol == 'managesieve':
            self._open_sieve(connection, how)
            return
        greeting = connection.read()
        if greeting is None or not greeting.startswith(b'* OK'):
            raise Failure('greeting: %r' % greeting)
        if how[0] == 'connected':
            return
        connection.ok('LOGIN %s secret' % self.user)
        if 'rev2' in how:
            connection.ok('ENABLE IMAP4rev2')
        if how[0] in ('select', 'examine'):
            connection.ok('%s %s' % (how[0].upper(), quote(how[1])))

    def _open_sieve(self, connection, how):
        self._expect_ok(connection)
        if how[0] != 'connected':
            connection.write(b'AUTHENTICATE "PLAIN" "%s"\r\n' % self.variables['sasl_plain'])
            self._expect_ok(connection)

    def _expect_ok(self, connection):
        """Reads up to the line that ends an answer of ManageSieve."""
        line = b''
        while not re.match(rb'(OK|NO|BYE)\b', line, re.I):
            line = connection.read()
            if line is None:
                raise Failure('closed')
        if not line.upper().startswith(b'OK'):
            raise Failure(show(line))

    def _get(self, who):
        if who not in self.connections:
            self._open(who, ['login'])
        return self.connections[who]

    def _connect(self, step):
        self._open(step.who, step.how)

    def _handshake(self, step):
        """TLS from here on; nothing may have come in clear text behind the answer."""
        connection = self._get(int(step.text or 1))
        if connection.pending or connection.buffer:
            raise Failure('octets behind STARTTLS: %r' % (connection.pending or connection.buffer))
        connection.sock = connection.context.wrap_socket(connection.sock)
        connection.note('', b'(TLS)')

    # the client speaks

    def _client(self, step):
        connection = self._get(step.who)
        documents = list(step.documents)
        if step.raw:
            connection.write(unescape(expand(step.text, self.variables).decode()))
            return
        pieces = re.split(r'\{\{(.*?)\}\}', step.text)
        pending = b''
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                pending += expand(piece, self.variables)
                continue
            at_once = piece.startswith('+')
            data = literal_text(piece.lstrip('+') if at_once else piece, documents,
                                self.variables)
            pending += b'{%d%s}\r\n' % (len(data), b'+' if at_once else b'')
            if not at_once:
                connection.write(pending)
                if not self._invited(connection):
                    return
                pending = b''
            pending += data
        connection.write(pending + b'\r\n')

    def _invited(self, connection):
        """Wait for the continuation; anything but untagged data ends the command."""
        early, connection.pending = connection.pending, []
        while True:
            line = connection.read()
            if line is not None and line.startswith(b'+'):
                connection.pending = early
                return True
            early.append(line)
            if line is None or not line.startswith(b'* '):
                connection.pending = early
                return False

    # the server answers

    def _server(self, step):
        connection = self._get(step.who)
        if step.text == '...' and not step.free:
            connection.skip.append(None)
            return
        wanted = [line for line in step.lines if not line.optional and line.text != '...']
        optional = [line for line in step.lines if line.optional]
        connection.skip += [None for line in step.lines if line.text == '...']
        while wanted:
            line = self._read(connection, wanted)
            if self._take(wanted, line) or self._take(optional, line):
                continue
            if not self._may_skip(connection, line):
                raise Failure('expected %s\n  but came %s' % (
                    ' or\n           '.join(one.text for one in wanted), show(line)))
        if not step.free:
            connection.skip = []
        connection.skip += optional

    def _read(self, connection, wanted):
        try:
            return connection.read()
        except ImapError as problem:
            raise Failure('expected %s\n  but %s' % (wanted[0].text, problem)) from problem

    def _matches(self, wanted, line):
        if wanted.text == '<closed>' or line is None:
            return wanted.text == '<closed>' and line is None
        text = NO_CODE.sub(r'\1 ', wanted.text) if self.stage.native else wanted.text
        return pattern(text, wanted.documents, self.variables)(line)

    def _take(self, lines, line):
        for one in lines:
            if self._matches(one, line):
                lines.remove(one)
                return True
        return False

    def _may_skip(self, connection, line):
        if line is None:
            return False
        if self.stage.native and line.startswith(b'* OK rename '):
            return True
        if None in connection.skip:
            return True
        return self._take(connection.skip, line)

    def _wait(self, step):
        """Repeat a command until its answer brings the wanted line."""
        connection = self._get(step.who)
        deadline = time.monotonic() + SECONDS
        command = expand(step.command, self.variables)
        number, found = 0, False
        while not found:
            number += 1
            tag = b'W%d' % number
            connection.write(tag + b' ' + command + b'\r\n')
            line = b''
            while not line.startswith(tag + b' '):
                line = connection.read()
                if line is None:
                    raise Failure('closed while waiting for ' + step.text)
                found = pattern(step.text, [], self.variables)(line) or found
            if not found and time.monotonic() > deadline:
                raise Failure('waited in vain for ' + step.text)
            if not found:
                time.sleep(0.01)

    def _check_ends(self):
        for number, connection in self.connections.items():
            left = [line for line in connection.pending if not self._may_skip(connection, line)]
            if connection.buffer and not connection.skip:
                left.append(connection.buffer)
            if left:
                raise Failure('%s: connection %d: nobody expected %s'
                              % (self.script.path, number, show(left[0])))

    # behind the client's back

    def _mailbox(self, step):
        self.stage.make_mailbox(self.user, step.mailbox)
        for number in range(1, step.count + 1):
            self.stage.deliver(self.user, step.mailbox, simple_message(step.mailbox, number), [],
                               '2024-01-%02dT12:00:00Z' % number)

    def _message(self, step):
        email = self.stage.deliver(self.user, step.mailbox, step.document, step.keywords,
                                   step.received)
        if step.name:
            self.variables[step.name] = email.encode()
            self.variables[step.name + '_text'] = step.document
            self.variables[step.name + '_size'] = b'%d' % len(step.document)

    _deliver = _message

    def _fault(self, step):
        if step.text == 'none':
            self.faults = []
        else:
            self.faults.append(dict({'user': self.user},
                                    **parse_call('fault ' + self._expand(step.text))[1]))
        self.stage.set_faults(self.faults)

    def _admin(self, step):
        action, values = parse_call(self._expand(step.text))
        answer = self.stage.admin(action, dict({'user': self.user}, **values))
        name = values.get('as')
        if name and 'id' in answer:
            self.variables[name] = answer['id'].encode()

    def _expand(self, text):
        return expand(text, self.variables).decode()

    def _restart(self, step):
        self.stage.restart()
        self._drop_connections()

    def _kill(self, step):
        self.stage.kill()
        self._drop_connections()

    def _drop_connections(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}

    # what Ferry asked

    def _push(self, step):
        """The event source stands and nothing is under way any more."""
        self.stage.wait_for_push(self.user, SECONDS)
        self._settle()

    def _settle(self):
        """Until ferryd is at rest and asked nothing for a moment; what it asked is forgotten."""
        deadline = time.monotonic() + SECONDS
        before = None
        while time.monotonic() < deadline:
            now = self.stage.activity(self.user) if self.stage.is_at_rest(self.user) else None
            if now is not None and now == before:
                break
            before = now
            time.sleep(QUIET)
        self.stage.start_counting()

    def _jmap(self, step):
        if self.stage.native:
            return
        lines = [(number, *parse_call(text)) for number, text in step.lines
                 if text.split()[0] not in ('none', '...', 'no')]
        banned = {text.split()[1] for _, text in step.lines if text.startswith('no ')}
        if any(text == '...' for _, text in step.lines):
            self._settle()
        deadline = time.monotonic() + SECONDS / 2
        while True:
            problem, line = self._compare(lines, banned), step.number
            if not problem or time.monotonic() > deadline or not lines:
                break
            time.sleep(0.02)
        if not problem and any(text == 'none' for _, text in step.lines):
            problem = self._unwanted()
        if problem:
            step.number = line
            raise Failure(problem + '\ncalls:\n  ' + '\n  '.join(
                '%s %s' % (name, show(args)) for name, args in self.stage.calls(self.user)))
        self.stage.start_counting()

    def _unwanted(self):
        asked = {name: count for name, count in self.stage.activity(self.user).items() if count}
        return 'expected no request, but there were %s' % asked if asked else ''

    def _compare(self, wanted, banned):
        """Calls in their order; of a method that is named, every call must be."""
        calls = self.stage.calls(self.user)
        at = 0
        for number, name, arguments in wanted:
            while at < len(calls) and not (calls[at][0] == name and json_matches(
                    arguments, calls[at][1], self.variables)):
                if calls[at][0] == name:
                    return 'line %d: expected %s %s\n  but came %s' % (
                        number, name, show(arguments), show(calls[at][1]))
                at += 1
            if at >= len(calls):
                return 'line %d: %s %s was not called' % (number, name, show(arguments))
            at += 1
        named = {name for _, name, _ in wanted}
        for name, arguments in calls[at:]:
            if name in named:
                return '%s was called once more: %s' % (name, show(arguments))
        for name, arguments in calls:
            if name in banned:
                return '%s was called: %s' % (name, show(arguments))
        return ''


def show(thing):
    if thing is None:
        return 'the end of the connection'
    text = thing.decode('utf-8', 'backslashreplace') if isinstance(thing, bytes) else str(thing)
    text = text.replace('\r\n', '␍␊')
    return text if len(text) < 1500 else text[:1500] + '…'


def simple_message(mailbox, number):
    """Message `number` of `mailbox NAME: N messages`."""
    day = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[(number - 1) % 7]
    return ('From: Sender %d <sender%d@example.com>\r\n'
            'To: Reader <reader@example.org>\r\n'
            'Subject: Message %d\r\n'
            'Date: %s, %02d Jan 2024 12:00:00 +0000\r\n'
            'Message-ID: <%d.%s@transcript.example>\r\n'
            'MIME-Version: 1.0\r\n'
            'Content-Type: text/plain; charset=us-ascii\r\n'
            '\r\n'
            'This is message %d.\r\n' % (number, number, number, day, number, number,
                                         mailbox.lower().replace(' ', '-'), number)).encode()
