# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a random session sends, and what each command means for the ledger.

A set of message numbers is only used for changes where no command before it can shift the numbers;
FETCH and SEARCH by number come anywhere (their answers are checked by their place in the stream).
"""

import re

from . import corpus
from .imap import expand
from .rand_ledger import DELETED, FLAGS, Op, Violation
from .rand_wire import Command

STABLE = {'FETCH', 'STORE', 'SEARCH'}
ITEMS = ('FLAGS', 'UID FLAGS', 'UID', 'UID BODY.PEEK[HEADER.FIELDS (X-LABEL)]', 'UID FLAGS EMAILID '
         'BODY.PEEK[HEADER.FIELDS (X-LABEL)]', 'UID BODY.PEEK[]', 'ENVELOPE', 'RFC822.SIZE INTERNALDATE',
         'BODYSTRUCTURE UID')


def sequence(numbers):
    """A set with the ranges that it has."""
    out, numbers = [], sorted(numbers)
    while numbers:
        first = last = numbers.pop(0)
        while numbers and numbers[0] == last + 1:
            last = numbers.pop(0)
        out.append('%d' % first if first == last else '%d:%d' % (first, last))
    return ','.join(out)


class Player:
    """Makes commands for one session."""

    def __init__(self, session, ledger, rng, world):
        self.session, self.ledger, self.rng, self.world = session, ledger, rng, world
        self.by_number = False      # whether sets are of message numbers wherever they hold

    # what there is to choose from

    def known(self):
        return [e.uid for e in self.session.told if e.uid is not None]

    def settled(self):
        """Whether the selected mailbox is known when the next command begins."""
        return not any(c.barrier for c in self.session.queue) and self.session.box is not None

    def numbers_hold(self):
        """Whether what is sent now by number means what it means now."""
        return self.settled() and all(c.kind in STABLE for c in self.session.queue)

    def some_uids(self):
        uids = self.known()
        return sorted(self.rng.sample(uids, self.rng.randint(1, min(len(uids), 6)))) if uids else []

    def some_set(self, destructive):
        """(UID or not, the set as text, the UIDs it names), or None."""
        rng, uids = self.rng, self.some_uids()
        if not uids:
            return None
        if self.numbers_hold() and (self.by_number or rng.random() < .5):
            numbers = [n for n, e in enumerate(self.session.told, 1) if e.uid in uids]
            return False, sequence(numbers), uids
        if not destructive and rng.random() < .3:
            low = rng.choice(uids)
            return True, rng.choice(('%d:*', '*:%d')) % low, None
        extra = [max(self.known()) + 1000] if rng.random() < .1 else []
        return True, sequence(uids + extra), uids

    def target(self):
        return self.rng.choice(list(self.ledger.names.values()))

    def copies(self, uids):
        return [self.ledger.see(self.session.box, uid) for uid in uids]

    # reading

    def learn(self):
        """All UIDs: only what has a known one is changed."""
        command = Command('FETCH', b'FETCH 1:* (UID FLAGS)')
        command.on_head = lambda this: setattr(this, 'bad_ok', not self.session.told)
        command.no_ok = self._gone_ok(None)
        return command

    def fetch(self):
        rng, session = self.rng, self.session
        if self.settled() and rng.random() < .6:
            chosen = self.some_set(False)
            if chosen:
                return self._fetch_some(*chosen)
        high = max(1, len(session.told))
        text = rng.choice(('1:*', '*', '1', '%d:*' % rng.randint(1, high), '%d' % rng.randint(1, high)))
        items = rng.choice(ITEMS)
        command = Command('FETCH', b'FETCH %s (%s)' % (text.encode(), items.encode()))

        def on_head(this):
            first = re.match(r'\d+', text)
            this.bad_ok |= not session.told or bool(first) and int(first.group()) > len(session.told)
        command.on_head, command.no_ok = on_head, self._gone_ok(None)
        return command

    def _fetch_some(self, uid, text, uids):
        session, seen = self.session, False
        items = self.rng.choice(ITEMS)
        if uids is not None and (uid or self.numbers_hold()) and self.rng.random() < .15:
            items, seen = 'UID BODY[]', not session.readonly
        kind = 'UID FETCH' if uid else 'FETCH'
        command = Command(kind, b'%s %s (%s)' % (kind.encode(), text.encode(), items.encode()))
        command.no_ok = self._gone_ok(uids)
        if seen:
            self._change(command, uids, {'\\seen': True}, False)
        done = command.on_done

        def on_done(this, reply):
            if done:
                done(this, reply)
            if reply.kind == b'OK' and not reply.code and uids is not None:
                self._all_answered(this, uids)
        command.on_done = on_done
        return command

    def _all_answered(self, command, uids):
        """A FETCH that is OK has answered for every message that is surely there."""
        for copy in self.copies(uids) if self.session.box else ():
            if not copy.reasons and copy.uid not in command.answered:
                raise Violation('%s: %r did not answer for %r' % (self.session.name, command, copy))

    def _gone_ok(self, uids):
        """EXPUNGEISSUED, where one of the messages may be gone."""
        def expected(_):
            box = self.session.box
            if box is None or box.doomed or uids is None:
                return ('EXPUNGEISSUED', 'NONEXISTENT')
            return ('EXPUNGEISSUED',) if any(c.reasons for c in self.copies(uids)) else ()
        return expected

    def search(self):
        rng, session = self.rng, self.session
        uid = not self.by_number and rng.random() < .6
        key = rng.choice(('ALL', 'ALL', 'DELETED', 'UNSEEN', 'NOT FLAGGED', '1:*', 'UID 1:*',
                          'KEYWORD $red', 'OR SEEN UNSEEN', 'HEADER X-LABEL r'))
        returns = rng.choice(('', '', '', 'RETURN (ALL) ', 'RETURN (MIN MAX COUNT ALL) ',
                              'RETURN () ', 'RETURN (COUNT) '))
        kind = 'UID SEARCH' if uid else 'SEARCH'
        command = Command(kind, ('%s %s%s' % (kind, returns, key)).encode(), found=None)

        def on_head(this):
            this.bad_ok |= key == '1:*' and not session.told
            this.told_then = [e.uid for e in session.told]

        def on_done(this, reply):
            if reply.kind != b'OK' or 'COUNT)' in returns or key != 'ALL' or session.box is None:
                return
            if this.found is None:
                raise Violation('%s: no answer to %r' % (session.name, this))
            found = set(this.found)
            for number, told in enumerate(this.told_then, 1):
                if told and not self.ledger.see(session.box, told).reasons and \
                        (told if uid else number) not in found:
                    raise Violation('%s: %r did not find UID %d' % (session.name, this, told))
        command.on_head, command.on_done = on_head, on_done
        command.no_ok = self._gone_ok(None)
        return command

    def status(self):
        name = self.rng.choice(list(self.ledger.names) + ['Nowhere'])
        box, ledger = self.ledger.names.get(name), self.ledger
        floor, names = box.floor if box else 0, ledger.changed_names
        text = 'STATUS %s (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)' % name
        command = Command('STATUS', text.encode())

        def unsure():
            return names != ledger.changed_names or box is not None and box.doomed

        def on_done(this, reply):
            if reply.kind != b'OK':
                return
            if box is None and not unsure():
                raise Violation('%s: STATUS of what is not there' % self.session.name)
            answer = next(r for r in this.seen if r.kind == b'STATUS').tokens[1]
            values = {bytes(answer[i]): int(answer[i + 1]) for i in range(0, len(answer), 2)}
            if box is None or values[b'UIDVALIDITY'] != box.validity:
                if not unsure():
                    raise Violation('%s: UIDVALIDITY: %r' % (self.session.name, values))
                return
            if values[b'UIDNEXT'] < floor:
                raise Violation('%s: UIDNEXT %d, was %d' % (self.session.name, values[b'UIDNEXT'], floor))
            box.floor = max(box.floor, values[b'UIDNEXT'])
            surely = sum(1 for c in box.copies.values()
                         if c.confirmed and not c.reasons and c.born < this.start)
            if not unsure() and values[b'MESSAGES'] < surely:
                raise Violation('%s: %r MESSAGES %d, there are %d'
                                % (self.session.name, box, values[b'MESSAGES'], surely))
        command.on_done = on_done
        command.no_ok = lambda _: ('NONEXISTENT',) if box is None or unsure() else ()
        return command

    # changes

    def _change(self, command, uids, values, known=True):
        """The flags of these messages get new values."""
        copies, ops = self.copies(uids), []
        start = self.ledger.tick()
        for copy in copies:
            for flag, value in values.items():
                op = Op(start, value)
                copy.ops[flag].append(op)
                ops.append((copy, op))
            if values.get(DELETED):
                self.ledger.touch_deleted(copy, start)

        def finish(this, reply):
            end = self.ledger.tick()
            done = known and reply is not None and reply.kind == b'OK' and not reply.code
            for copy, op in ops:        # what is gone is passed over
                op.end, op.sure = end, done and not copy.reasons
        command.on_done = finish
        command.on_lost = lambda this: self.world.later(lambda: finish(this, None))

    def store(self):
        chosen = self.some_set(True) if self.settled() else None
        if not chosen:
            return None
        rng, session, (uid, text, uids) = self.rng, self.session, chosen
        flags = rng.sample(FLAGS, rng.randint(0, 2)) + ([DELETED] if rng.random() < .35 else [])
        mode = rng.choice('+++--=') if flags else '='
        silent = rng.random() < .4
        kind = 'UID STORE' if uid else 'STORE'
        item = mode.replace('=', '') + 'FLAGS' + ('.SILENT' if silent else '')
        command = Command(kind, ('%s %s %s (%s)' % (kind, text, item, ' '.join(flags))).encode())
        if session.readonly:
            command.no_ok = ('NOPERM', 'READ-ONLY')
            return command
        values = {f: mode != '-' for f in flags}
        if mode == '=':
            values = {f: f in flags for f in FLAGS + (DELETED,)}
        command.no_ok = self._gone_ok(uids)
        self._change(command, uids, values)
        command.on_head = lambda this: self._apply(uids, values, mode)
        done = command.on_done

        def on_done(this, reply):
            done(this, reply)
            if reply.kind != b'OK' or reply.code:
                self._forget(uids)
            elif not silent and session.exact:      # Cyrus tells only of what is different
                self._all_answered(this, uids)
        command.on_done = on_done
        return command

    def _apply(self, uids, values, mode):
        """What a client remembers without being told (RFC 9051 §6.4.6, .SILENT)."""
        changed = {f for f, value in values.items() if value}
        for entry in self.session.told:
            if entry.uid in uids and entry.flags is not None:
                entry.flags = frozenset(changed) if mode == '=' else \
                    entry.flags | changed if mode == '+' else entry.flags - set(values)

    def _forget(self, uids):
        for entry in self.session.told:
            if entry.uid in uids:
                entry.flags = None

    def expunge(self):
        if not self.settled():
            return None
        session, uids = self.session, None
        if self.rng.random() < .4:
            uids = self.some_uids()
            if not uids:
                return None
        text = 'UID EXPUNGE ' + sequence(uids) if uids else 'EXPUNGE'
        command = Command('UID EXPUNGE' if uids else 'EXPUNGE', text.encode())
        if session.readonly:
            command.no_ok = ('NOPERM', 'READ-ONLY')
            return command
        self._expunging(command, uids)
        return command

    def _expunging(self, command, uids):
        box = self.session.box
        span, sure = self.ledger.begin_expunge(box, uids)
        told = {e.uid for e in self.session.told}

        def finish(this, reply):
            span[1] = self.ledger.tick()
            if reply is None or reply.kind != b'OK':
                return
            for copy in sure:
                if copy.possible(DELETED) == {True} and copy.uid in told:
                    copy.gone = this
        command.on_done = finish
        command.on_lost = lambda this: self.world.later(lambda: finish(this, None))

    def leave(self):
        """CLOSE or UNSELECT."""
        if not self.settled():
            return None
        session = self.session
        command = Command('CLOSE' if self.rng.random() < .5 else 'UNSELECT', b'', barrier=True)
        command.text = command.kind.encode()
        if command.kind == 'CLOSE' and not session.readonly:
            self._expunging(command, None)
        done = command.on_done

        def on_done(this, reply):
            if done:
                done(this, reply)
            session.unselect()
        command.on_done = on_done
        return command

    def select(self):
        """Always a barrier: what it selects is known when it is answered."""
        session, ledger = self.session, self.ledger
        name = self.rng.choice(list(ledger.names) * 4 + ['Nowhere'])
        box, names = ledger.names.get(name), ledger.changed_names
        floor = box.floor if box else 0
        verb = 'EXAMINE' if self.rng.random() < .12 else 'SELECT'
        command = Command(verb, ('%s %s' % (verb, name)).encode(), barrier=True)

        def on_done(this, reply):
            if reply.kind != b'OK':
                session.unselect()
                return
            codes = {r.code: r.code_value for r in this.seen if r.code}
            validity = int(codes[b'UIDVALIDITY'])
            found = next((b for b in ledger.boxes if b.validity == validity), None)
            if found is None or found is not box and names == ledger.changed_names:
                raise Violation('%s: selected %s with UIDVALIDITY %d' % (session.name, name, validity))
            if found is box and int(codes[b'UIDNEXT']) < floor:
                raise Violation('%s: UIDNEXT %r, was %d' % (session.name, codes[b'UIDNEXT'], floor))
            found.floor = max(found.floor, int(codes[b'UIDNEXT']))
            session.box, session.readonly = found, verb == 'EXAMINE'
            for entry in session.told:
                if entry.uid:
                    ledger.see(found, entry.uid)
        command.on_done = on_done
        command.no_ok = lambda _: ('NONEXISTENT',) if box is None or box.doomed or \
            names != ledger.changed_names else ()
        return command

    def transfer(self):
        """COPY or MOVE."""
        chosen = self.some_set(True) if self.settled() else None
        if not chosen:
            return None
        session, (uid, text, uids) = self.session, chosen
        target = self.target()
        name = 'MOVE' if self.rng.random() < .4 else 'COPY'
        if name == 'MOVE' and target is session.box and not session.exact:
            return None
        kind = ('UID ' if uid else '') + name
        command = Command(kind, ('%s %s %s' % (kind, text, target.name)).encode())
        if name == 'MOVE' and session.readonly:
            command.no_ok = ('NOPERM', 'READ-ONLY')
            return command
        self._transferring(command, session.box, uids, target, name == 'MOVE')
        return command

    def _transferring(self, command, source, uids, target, move):
        ledger, copies, names = self.ledger, self.copies(uids), self.ledger.changed_names
        floor, reason = target.floor, object()
        deleted = {c: sorted(c.possible(DELETED)) for c in copies}
        for copy in copies if move else ():
            copy.reasons.add(reason)
        spans = ledger.begin_merge(target, copies) if move and self.session.exact or ledger.merges else ()
        labels = [copy.label for copy in copies]
        target.perhaps.update(labels)

        def settle():
            target.perhaps.subtract(labels)
            for span in spans:
                span[2] = ledger.tick()

        def on_done(this, reply):
            told = [r for r in this.seen if r.code == b'COPYUID']
            value = reply.code_value if reply.code == b'COPYUID' else told and told[0].code_value
            settle()
            done = []
            if value:
                done = self._copied(this, value, source, target, floor, deleted, spans)
            if reply.kind == b'OK' and not target.doomed:
                for copy in copies:
                    if copy not in done and not copy.reasons - {reason}:
                        raise Violation('%s: %r left out %r' % (self.session.name, this, copy))
            for copy in copies:
                if move and copy in done:
                    copy.gone = this
                elif reply.kind != b'OK':
                    copy.reasons.discard(reason)

        def expected(_):
            codes = ('EXPUNGEISSUED',) if any(c.reasons - {reason} for c in copies) else ()
            if source.doomed or not session_has(source):
                codes += ('NONEXISTENT', 'EXPUNGEISSUED')
            return codes + (('TRYCREATE',) if target.doomed or names != ledger.changed_names else ())

        def session_has(box):
            return self.session.box is box
        command.on_done, command.no_ok = on_done, expected

    def _copied(self, command, value, source, target, floor, deleted, spans):
        validity, old, new = value.split()
        if int(validity) != target.validity:
            if target.doomed or target.dead:
                return []
            raise Violation('%s: COPYUID %r for %r' % (self.session.name, value, target))
        old, new = expand(old), expand(new)
        if len(old) != len(new) or len(set(new)) != len(new):
            raise Violation('%s: COPYUID %r' % (self.session.name, value))
        done = []
        for uid, made in zip(old, new):
            copy = source.copies[uid]
            if copy not in deleted:
                raise Violation('%s: %r was not asked to copy %r' % (self.session.name, command, copy))
            # Ferry does not copy \Deleted: whoever copies wants to keep
            values = [False] if self.session.exact else set(deleted[copy]) | copy.possible(DELETED)
            self.ledger.made(target, made, copy.label, command.start, floor, copy, sorted(values), spans)
            done.append(copy)
        return done

    def append(self):
        rng, target, ledger = self.rng, self.target(), self.ledger
        count = 1 if rng.random() < .8 else rng.randint(2, 4)
        floor, names, made, data = target.floor, ledger.changed_names, [], b''
        for _ in range(count):
            label = self.world.new_label()
            flags = rng.sample(FLAGS, rng.randint(0, 2)) + ([DELETED] if rng.random() < .1 else [])
            octets = corpus.one(label)
            made.append((label, flags))
            data += b' (%s) {%d+}\r\n%s' % (' '.join(flags).encode(), len(octets), octets)
            target.perhaps[label] += 1
        command = Command('APPEND', b'APPEND %s%s' % (target.name.encode(), data))
        if count == 1 and rng.random() < .2 and not self.session.queue:
            head, rest = command.text.split(b'+}\r\n', 1)
            command.text, self.session.rest = head + b'}', rest + b'\r\n'

        def settle():
            for label, _ in made:
                target.perhaps[label] -= 1

        def on_done(this, reply):
            settle()
            if reply.kind != b'OK':
                return
            validity, uids = reply.code_value.split() if reply.code == b'APPENDUID' else (0, b'')
            if target.doomed and int(validity) != target.validity:
                return
            if int(validity) != target.validity or len(expand(uids)) != count:
                raise Violation('%s: %r for %d messages in %r' % (self.session.name, reply, count, target))
            for (label, flags), uid in zip(made, expand(uids)):
                copy = ledger.made(target, uid, label, this.start, floor, deleted=(DELETED in flags,))
                for flag in FLAGS:
                    copy.ops[flag].insert(0, Op(this.start, flag in flags, this.end))
        command.on_done = on_done
        command.no_ok = lambda _: ('TRYCREATE',) if target.doomed or names != ledger.changed_names else ()
        return command

    # the rest

    def noop(self):
        word = self.rng.choice(('NOOP', 'NOOP', 'CHECK' if self.settled() else 'NOOP'))
        return Command(word, word.encode())

    def list(self):
        command = Command('LIST', b'LIST "" *')

        def on_done(this, reply):
            listed = [bytes(r.tokens[2]).decode() for r in this.seen if r.kind == b'LIST']
            if len(set(listed)) != len(listed):
                raise Violation('%s: listed twice: %r' % (self.session.name, listed))
        command.on_done = on_done
        return command
