# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers of two servers in a form in which they can be compared.

UIDs, which each server chooses for itself, become labels of the messages; the order in which
responses come, the case of flags and how a thing is quoted do not count.
"""

import email.utils
import re

from .imap import expand

# system flags have one spelling; keywords have no case
def flags(values):
    return tuple(sorted({bytes(f).lower() for f in values} - {b'\\recent'}))


def instant(stamp):
    return email.utils.mktime_tz(email.utils.parsedate_tz(stamp.decode().replace('-', ' ', 2)))


def folded(value):
    """Media types, encodings and parameter names have no case."""
    if isinstance(value, list):
        return [folded(entry) for entry in value]
    return bytes(value).lower() if isinstance(value, bytes) else value


class Side:
    """One server's session: what it told, by mailbox."""

    def __init__(self, client):
        self.client = client
        self.boxes = {}      # mailbox → [(uid, label)] in the order of UIDs
        self.selected = None
        self.saved = None    # numbers and UIDs that `$` stands for, where the server lacks it

    # commands

    def render(self, text):
        """`<u3>` is the UID of the third message, `<u*>` one that nobody has."""
        def uid(found):
            word = found.group(1)
            box = self.boxes.get(self.selected, [])
            return '2000000000' if word == '*' or int(word) > len(box) else str(box[int(word) - 1][0])
        text = re.sub(r'<u(\*|\d+)>', uid, text)
        if self.saved is not None:
            text = re.sub(r'(UID (?:FETCH |STORE )?)?(?<![\w"])\$(?!\w)', self.render_saved, text)
        return text

    def render_saved(self, found):
        """`$` is UIDs behind UID, else message numbers."""
        before = found.group(1) or ''
        return before + ','.join(map(str, self.saved[1 if before else 0]))

    def run(self, parts):
        before = list(self.boxes.get(self.selected, []))
        reply = self.client.cmd(*[self.render(p) if isinstance(p, str) else p for p in parts])
        return reply, before

    # answers

    def label(self, uid, box):
        return dict(box).get(uid, 'unknown UID %d' % uid)

    def fetch(self, responses, box):
        found = {}
        for response in responses:
            items = found.setdefault(response.number, {})
            for name, value in response.items().items():
                items[name] = self.item(name, value, box)
        return found

    def item(self, name, value, box):
        if name == b'FLAGS':
            return flags(value)
        if name == b'UID':
            return self.label(int(value), box)
        if name == b'INTERNALDATE':
            return instant(value)
        if name in (b'BODY', b'BODYSTRUCTURE'):
            return folded(value)
        return value

    def search(self, response, box, uid):
        numbers = sorted(int(t) for t in response.tokens if not isinstance(t, list))
        return [self.label(n, box) for n in numbers] if uid else numbers

    def esearch(self, response, box):
        tokens = [t for t in response.tokens if not isinstance(t, list)]
        uid = bool(tokens) and tokens[0] == b'UID'
        tokens = tokens[1:] if uid else tokens
        out = {'UID': uid}
        for name, value in zip(tokens[::2], tokens[1::2]):
            name = bytes(name).upper().decode()
            if name == 'COUNT':
                out[name] = int(value)
                continue
            numbers = sorted(expand(value))
            out[name] = [self.label(n, box) for n in numbers] if uid else numbers
        return out

    def expunged(self, responses, box):
        """Which messages went, whatever the order of the responses."""
        box, gone = list(box), []
        for response in responses:
            gone.append(box.pop(response.number - 1)[1])
        return sorted(gone)

    def status(self, response):
        values = response.tokens[1]
        pairs = {bytes(values[i]).upper().decode(): values[i + 1] for i in range(0, len(values), 2)}
        return {name: ('any' if name in ('UIDNEXT', 'UIDVALIDITY', 'RECENT', 'HIGHESTMODSEQ')
                       else int(value)) for name, value in pairs.items()}

    def codes(self, reply):
        return sorted({(r.kind.decode(), r.code.decode()) for r in reply.untagged
                       if r.kind in (b'OK', b'NO', b'BAD') and r.code})

    def answer(self, reply, before):
        """{what: value}: everything that is compared."""
        uid = True
        out = {'tagged': (reply.kind.decode(), reply.code.decode() if reply.code else None)}
        fetched = self.fetch(reply.all(b'FETCH'), before)
        if fetched:
            out['FETCH'] = fetched
        gone = self.expunged(reply.all(b'EXPUNGE'), before)
        if gone:
            out['EXPUNGE'] = gone
        exists = [r.number for r in reply.all(b'EXISTS')]
        if exists:
            out['EXISTS'] = exists[-1]
        for response in reply.all(b'SEARCH'):
            out['SEARCH'] = self.search(response, before, self.by_uid)
        for response in reply.all(b'ESEARCH'):
            out['ESEARCH'] = self.esearch(response, before)
        for response in reply.all(b'STATUS'):
            out['STATUS %s' % bytes(response.tokens[0]).decode()] = self.status(response)
        for kind in (b'LIST', b'LSUB'):
            for response in reply.all(kind):
                name = '%s %s' % (kind.decode(), bytes(response.tokens[2]).decode())
                out[name] = ([bytes(a).lower().decode() for a in response.tokens[0]],
                             bytes(response.tokens[1] or b'').decode(), folded(response.tokens[3:]))
        for response in reply.all(b'FLAGS'):
            out['FLAGS'] = flags(response.tokens[0])
        for response in reply.all(b'NAMESPACE'):
            out['NAMESPACE'] = response.tokens
        codes = self.codes(reply)
        if codes:
            out['codes'] = codes
        return out

    by_uid = False

    # the state

    def note(self, box, uids, labels):
        """Messages that came into a mailbox."""
        self.boxes.setdefault(box, []).extend(zip(uids, labels))

    def forget(self, box, labels):
        self.boxes[box] = [entry for entry in self.boxes.get(box, []) if entry[1] not in labels]


