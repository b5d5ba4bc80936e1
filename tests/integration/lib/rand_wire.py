# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session of the random tester: a connection that never blocks, and what its client was told.

Every response is checked when it is read, by its place in the stream: sequence numbers ↔ UIDs,
EXISTS, EXPUNGE and where it may come, FETCH, the order of tagged answers.
"""

import collections
import re

from .imap import Imap, ImapError, Response, expand
from .rand_ledger import FLAGS, DELETED, Violation

HEADER = b'BODY[HEADER.FIELDS (X-LABEL)]'
NUMBERS = ('FETCH', 'STORE', 'SEARCH')


class Entry:
    """A message as the client knows it: its UID once it was told, its flags once it was told."""

    def __init__(self):
        self.uid = self.flags = None


class Command:
    """What was sent and is not answered. `kind` is its name, with UID before it where it has it."""

    def __init__(self, kind, text, **more):
        self.kind, self.text = kind, text
        self.tag, self.seen, self.answered = None, [], set()
        self.box = self.start = None
        self.bad_ok, self.no_ok = False, set()
        self.barrier = False         # the selected mailbox is another one afterwards
        self.on_head = self.on_done = self.on_lost = None
        self.__dict__.update(more)

    def __repr__(self):
        return '%s %s %r' % (self.tag, self.kind, self.text[:120])


def flag_set(tokens):
    return frozenset(bytes(t).decode().lower() for t in tokens)


class Session:
    """One IMAP session. `log(name, direction, octets)` gets everything that goes over the wire."""

    def __init__(self, name, connect, ledger, rev2, log, exact):
        self.name, self.connect, self.ledger = name, connect, ledger
        self.rev2, self.log, self.exact = rev2, log, exact
        self.queue, self.counter, self.client = collections.deque(), 0, None
        self.open()

    def open(self):
        self.client = self.connect()
        if self.rev2:
            self.client.ok('ENABLE IMAP4rev2')
        self.client.sock.setblocking(False)
        self.box, self.told, self.readonly = None, [], False
        self.idle, self.rest, self.leaving, self.dead = None, None, False, False
        self.queue.clear()
        self.log(self.name, '==', b'connected')

    # sending

    def send(self, commands, before=b''):
        """Commands in one packet. The last may have literal data that waits for `+` (`rest`)."""
        data = before
        for command in commands:
            self.counter += 1
            command.tag = b'%s%d' % (self.name.encode(), self.counter)
            command.start = self.ledger.tick()
            self.queue.append(command)
            data += command.tag + b' ' + command.text + b'\r\n'
        self.write(data)
        if self.queue and self.queue[0] is commands[0]:
            self._head()

    def write(self, data):
        self.log(self.name, 'C:', data)
        self.client.sock.settimeout(20)
        try:
            self.client.sock.sendall(data)
        except OSError:
            pass            # what it said before it closed is read first
        self.client.sock.setblocking(False)

    def drop(self):
        """The connection ends; what was not answered may have been done or not."""
        self.log(self.name, '==', b'closed')
        self.client.close()
        self.dead = True
        for command in self.queue:
            if command.on_lost:
                command.on_lost(command)
        self.queue.clear()
        self.box, self.told, self.idle = None, [], None

    # reading

    def read(self):
        """What is there to be read; False at the end of the connection."""
        ended = False
        try:
            while True:
                data = self.client.sock.recv(262144)
                if not data:
                    ended = True
                    break
                self.client.buffer += data
        except BlockingIOError:
            pass
        except OSError:
            ended = True
        while not self.dead:
            raw = self._complete()
            if raw is None:
                break
            self.log(self.name, 'S:', raw)
            try:
                self.take(Response(raw))
            except ImapError as problem:
                raise Violation('%s: %s in %r' % (self.name, problem, raw[:300])) from problem
        if ended and not self.dead:
            # Cyrus just goes where its mailbox is gone
            if not self.leaving and (self.exact or not self.box or not self.box.doomed):
                raise Violation('%s: closed without BYE' % self.name)
            self.drop()
        return not self.dead

    def _complete(self):
        data, at = self.client.buffer, 0
        while True:
            end = data.find(b'\n', at)
            if end < 0:
                return None
            found = re.compile(rb'\{(\d+)\}\r\n$').search(data, at, end + 1)
            at = end + 1
            if not found:
                self.client.buffer = data[at:]
                return data[:at]
            at += int(found.group(1))
            if at > len(data):
                return None

    def take(self, response):
        head = self.queue[0] if self.queue else None
        if response.tag == b'+':
            self._continue(head)
        elif response.tag == b'*':
            handler = getattr(self, '_on_' + response.kind.decode().lower(), None)
            if handler is None:
                raise Violation('%s: unknown response %r' % (self.name, response))
            if head:
                head.seen.append(response)
            handler(response, head)
        else:
            self._tagged(response)

    def _continue(self, head):
        if self.rest is not None:
            rest, self.rest = self.rest, None
            self.write(rest)
        elif head and head.kind == 'IDLE':
            head.idling = True
        else:
            raise Violation('%s: a continuation for %r' % (self.name, head))

    def _tagged(self, response):
        head = self.queue[0] if self.queue else None
        command = next((c for c in self.queue if c.tag == response.tag), None)
        if command is None:
            raise Violation('%s: answer to nothing: %r' % (self.name, response))
        if command is not head and any(c.kind != command.kind for c in self.queue
                                       if c.start < command.start):
            raise Violation('%s: %r overtook %r' % (self.name, response, head))
        self.queue.remove(command)
        if self.rest is not None and response.kind != b'OK':
            self.rest = None        # the literal was refused
        if response.kind == b'BAD' and not command.bad_ok:
            raise Violation('%s: %r answered %r' % (self.name, command, response))
        if response.kind == b'NO' and not self._expected_no(command, response):
            raise Violation('%s: %r answered %r' % (self.name, command, response))
        command.end = self.ledger.tick()
        if command.on_done:
            command.on_done(command, response)
        if self.queue and command is head:
            self._head()

    def _expected_no(self, command, response):
        wanted = command.no_ok(response) if callable(command.no_ok) else command.no_ok
        if wanted is True or not self.exact and wanted:
            return True
        code = (response.code or b'').decode()
        return bool(wanted) and code in wanted

    def _head(self):
        head = self.queue[0]
        head.told_before = len(self.told)
        if self.box is None and head.kind.replace('UID ', '') in (
                'FETCH', 'STORE', 'SEARCH', 'COPY', 'MOVE', 'EXPUNGE', 'CLOSE', 'UNSELECT', 'CHECK'):
            head.bad_ok = True
        if head.on_head:
            head.on_head(head)

    # untagged responses

    def _on_ok(self, response, head):
        if response.code == b'CLOSED':
            self.unselect()
        elif response.code in (b'COPYUID', b'APPENDUID') and not head:
            raise Violation('%s: %r with no command' % (self.name, response))

    def _on_no(self, response, head):
        raise Violation('%s: a warning: %r' % (self.name, response))

    _on_bad = _on_no

    def _on_bye(self, response, head):
        if not self.leaving and not (self.box and self.box.doomed) and not (
                head and any(c.barrier for c in self.queue)):
            raise Violation('%s: %r' % (self.name, response))
        self.drop()

    def unselect(self):
        self.box, self.told = None, []

    def _on_exists(self, response, head):
        if head and head.barrier and not getattr(head, 'told', False):
            self.told, head.told = [Entry() for _ in range(response.number)], True
            self.box = None
            return
        if self.box is None and not (head and getattr(head, 'told', False)):
            raise Violation('%s: EXISTS with no mailbox' % self.name)
        if response.number < len(self.told):
            raise Violation('%s: EXISTS %d after %d' % (self.name, response.number, len(self.told)))
        self.told += [Entry() for _ in range(response.number - len(self.told))]

    def _on_recent(self, response, head):
        if self.rev2:
            raise Violation('%s: RECENT in IMAP4rev2' % self.name)
        if response.number > len(self.told):
            raise Violation('%s: RECENT %d of %d' % (self.name, response.number, len(self.told)))

    def _on_expunge(self, response, head):
        if head is None:
            raise Violation('%s: EXPUNGE with no command' % self.name)
        if head.kind in NUMBERS:
            raise Violation('%s: EXPUNGE during %r' % (self.name, head))
        if not 1 <= response.number <= len(self.told):
            raise Violation('%s: EXPUNGE %d of %d' % (self.name, response.number, len(self.told)))
        entry = self.told.pop(response.number - 1)
        if entry.uid is not None and self.box:
            copy = self.ledger.see(self.box, entry.uid)
            if not copy.confirmed:
                copy.reasons.add('unexplained')     # until it is known who made it
            elif not copy.reasons:
                raise Violation('%s: nobody removed %r, but it is gone' % (self.name, copy))

    def _on_fetch(self, response, head):
        if not 1 <= response.number <= len(self.told):
            raise Violation('%s: FETCH %d of %d' % (self.name, response.number, len(self.told)))
        entry, items = self.told[response.number - 1], response.items()
        if b'UID' in items:
            self._place(response.number, int(items[b'UID']))
        elif head and head.kind.startswith('UID ') and self.exact:
            raise Violation('%s: no UID in %r' % (self.name, response))
        if b'FLAGS' in items:
            flags = flag_set(items[b'FLAGS'])
            if self.rev2 and '\\recent' in flags:
                raise Violation('%s: \\Recent in IMAP4rev2' % self.name)
            entry.flags = flags & (set(FLAGS) | {DELETED})
        if head:
            head.answered.add(entry.uid)
        self._contents(entry, items)

    def _place(self, number, uid):
        """The message with this number has this UID, always."""
        entry = self.told[number - 1]
        if entry.uid not in (None, uid):
            raise Violation('%s: number %d was UID %d and is %d' % (self.name, number, entry.uid, uid))
        if entry.uid is None:
            before = next((e.uid for e in reversed(self.told[:number - 1]) if e.uid), 0)
            after = next((e.uid for e in self.told[number:] if e.uid), 1 << 32)
            if not before < uid < after:
                raise Violation('%s: number %d is UID %d, between %d and %d'
                                % (self.name, number, uid, before, after))
        entry.uid = uid
        if self.box:
            self.ledger.see(self.box, uid)

    def _contents(self, entry, items):
        if entry.uid is None or not self.box:
            return
        copy = self.ledger.see(self.box, entry.uid)
        email = items.get(b'EMAILID')
        if email:
            self.ledger.learn(copy, email=bytes(email[0]).decode())
        for name, value in items.items():
            if value and (name == HEADER or name == b'BODY[]'):
                found = re.search(rb'X-Label: (\S+)\r\n', value)
                self.ledger.learn(copy, found.group(1).decode() if found else '(none)')
                if name == b'BODY[]' and not value.endswith(b'This is %s.\r\n' % found.group(1)):
                    raise Violation('%s: other octets: %r' % (self.name, value))

    def _on_search(self, response, head):
        if self.rev2 or not head or 'SEARCH' not in head.kind:
            raise Violation('%s: %r during %r' % (self.name, response, head))
        head.found = [int(t) for t in response.tokens]
        self._check_found(head)

    def _on_esearch(self, response, head):
        tokens = list(response.tokens)
        if not head or 'SEARCH' not in head.kind or tokens.pop(0) != [b'TAG', head.tag]:
            raise Violation('%s: %r during %r' % (self.name, response, head))
        uid = bool(tokens) and tokens[0] == b'UID'
        if uid != head.kind.startswith('UID '):
            raise Violation('%s: UID in %r' % (self.name, response))
        pairs = tokens[1:] if uid else tokens
        values = {bytes(pairs[i]): pairs[i + 1] for i in range(0, len(pairs), 2)}
        head.found = expand(values[b'ALL']) if b'ALL' in values else []
        for name, want in ((b'COUNT', len(head.found)), (b'MIN', min(head.found, default=0)),
                           (b'MAX', max(head.found, default=0))):
            if name in values and b'ALL' in values and int(values[name]) != want:
                raise Violation('%s: %r' % (self.name, response))
        self._check_found(head)

    def _check_found(self, head):
        found = head.found
        if len(set(found)) != len(found):
            raise Violation('%s: found twice: %r' % (self.name, found))
        if head.kind == 'SEARCH' and max(found, default=0) > len(self.told):
            raise Violation('%s: found %d of %d' % (self.name, max(found), len(self.told)))

    def _left_to_the_command(self, response, head):
        if head is None:
            raise Violation('%s: %r with no command' % (self.name, response))

    _on_flags = _on_list = _on_status = _on_enabled = _left_to_the_command
