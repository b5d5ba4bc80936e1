# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mail behind Ferry, made and looked at past Ferry: natively in Cyrus, by JMAP in the sample.

Messages are told by their X-Label (see corpus.one()).
"""

import base64
import contextlib
import re

from . import corpus, target
from .imap import quote
from .tap import wait_for

KEYWORDS = {'$seen': '\\Seen', '$flagged': '\\Flagged', '$answered': '\\Answered', '$draft': '\\Draft'}


def utf7(name):
    """A mailbox name as IMAP4rev1 writes it."""
    def shifted(found):
        if found[0] == '&':
            return '&-'
        return '&%s-' % base64.b64encode(found[0].encode('utf-16-be')).decode().rstrip('=').replace('/', ',')
    return re.sub('[^\x20-\x7e]+|&', shifted, name)


def from_utf7(name):
    def plain(found):
        octets = found[1].replace(',', '/')
        return base64.b64decode(octets + '=' * (-len(octets) % 4)).decode('utf-16-be') if octets else '&'
    return re.sub('&([^-]*)-', plain, name)


class InCyrus:
    def __init__(self, server, user=None):
        self.server, self.user = server, user

    def make(self, name):
        with self.server.native(self.user) as native:
            native.cmd('DELETE ' + quote(utf7(name)))
            native.ok('CREATE ' + quote(utf7(name)))
            native.ok('SUBSCRIBE ' + quote(utf7(name)))

    def boxes(self):
        with self.server.native(self.user) as native:
            listed = native.ok('LIST "" *').all(b'LIST')
        return {from_utf7(re.search(rb'\) "." "?(.+?)"?\r\n', line.line)[1].decode()) for line in listed}

    def put(self, box, octets, flags=()):
        with self.server.native(self.user) as native:
            native.append(utf7(box), octets, flags)

    def labels(self, box):
        """Sorted (label, flags) of what the mailbox holds and is not \\Deleted."""
        with self.server.native(self.user) as native:
            if not native.examine(utf7(box)).first(b'EXISTS').number:
                return []
            found = native.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (X-Label)])').values()
        out = []
        for items in found:
            octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
            flags = {flag.decode() for flag in items[b'FLAGS']} - {'\\Recent'}
            if '\\Deleted' not in flags:
                out.append((octets.partition(b':')[2].strip().decode(), flags))
        return sorted(out, key=lambda entry: entry[0])


class InSample:
    def __init__(self, server):
        self.sample = server.sample

    def _ids(self):
        found = self.sample.jmap(('Mailbox/get', {'properties': ['name', 'parentId']}))[0]['list']
        by_id = {box['id']: box for box in found}

        def path(box):
            above = by_id.get(box['parentId'])
            return (path(above) + '/' if above else '') + box['name']
        names = {path(box): box['id'] for box in found}
        return {'INBOX' if name.upper() == 'INBOX' else name: id_ for name, id_ in names.items()}

    def boxes(self):
        return set(self._ids())

    def make(self, name):
        ids = self._ids()
        if name in ids:
            self.sample.jmap(('Mailbox/set', {'destroy': [ids[name]], 'onDestroyRemoveEmails': True}))
        self.sample.jmap(('Mailbox/set', {'create': {'new': {
            'name': name, 'parentId': None, 'isSubscribed': True}}}))

    def put(self, box, octets, flags=()):
        names = {flag: keyword for keyword, flag in KEYWORDS.items()}
        self.sample.deliver(octets, 'role:inbox' if box == 'INBOX' else box,
                            keywords=[names.get(flag, flag) for flag in flags])

    def labels(self, box):
        """Sorted (label, flags) of what the mailbox holds."""
        ids = self.sample.jmap(('Email/query', {'filter': {'inMailbox': self._ids()[box]}}))[0]['ids']
        found = self.sample.jmap(('Email/get', {
            'ids': ids, 'properties': ['keywords', 'header:X-Label:asText']}))[0]['list']
        return sorted(((email['header:X-Label:asText'] or '',
                        {KEYWORDS.get(keyword, keyword) for keyword in email['keywords']})
                       for email in found), key=lambda entry: entry[0])


class Behind:
    """What both kinds have in common."""

    def __init__(self, kind, url):
        self.kind, self.url = kind, url
        self.make, self.put, self.labels, self.boxes = kind.make, kind.put, kind.labels, kind.boxes

    def fill(self, box, *labels, flags=(), size=0):
        """Make the mailbox with one message for each label."""
        if box != 'INBOX':
            self.make(box)
        for label in labels:
            self.put(box, corpus.one(label, size), flags)

    def flags(self, box):
        """Label → flags."""
        return dict(self.labels(box))

    def wait(self, box, want, seconds=20):
        """Until the mailbox holds what `want`, a function of {label: flags}, accepts."""
        return wait_for(lambda: want(self.flags(box)), seconds, 'what %s should hold' % box, 0.2)


@contextlib.contextmanager
def server(which, **options):
    """A target (see target.py) before 'cyrus' or 'sample', with a Behind as its `behind`."""
    if which == 'cyrus':
        with target.on_cyrus(**options) as found:
            found.behind = Behind(InCyrus(found), found.cyrus.url)
            yield found
    else:
        with target.on_sample(**options) as found:
            found.behind = Behind(InSample(found), found.sample.url)
            yield found
