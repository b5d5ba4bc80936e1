#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Ferry advertises is never less than what its predecessor did.

Stalwart IMAP 0.2, the last JMAP proxy of that line, advertised the same list before every JMAP
server. Ferry has to have each name with every module loaded, before a backend that can everything,
one that can as little as RFC 8620 and 8621 allow, and Cyrus.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import procs, tap                                     # noqa: E402
from lib.cyrus import Cyrus                                    # noqa: E402
from lib.ferry import Ferry                                    # noqa: E402
from lib.imap import Imap                                      # noqa: E402
from lib.sample import Sample                                  # noqa: E402

BEFORE = '''IMAP4rev2 IMAP4rev1 ENABLE SASL-IR LITERAL+ ID UTF8=ACCEPT AUTH=OAUTHBEARER AUTH=PLAIN
            STARTTLS'''.split()
AFTER = '''IMAP4rev2 IMAP4rev1 ENABLE LITERAL+ ID UTF8=ACCEPT IDLE NAMESPACE CHILDREN MULTIAPPEND
           BINARY UNSELECT ACL UIDPLUS ESEARCH WITHIN SEARCHRES SORT THREAD=REFERENCES LIST-EXTENDED
           ESORT SORT=DISPLAY SPECIAL-USE CREATE-SPECIAL-USE MOVE CONDSTORE QRESYNC UNAUTHENTICATE
           STATUS=SIZE OBJECTID PREVIEW'''.split()

# whose folder takes the capability with it
MODULES = {'ACL': 'acl', 'SORT': 'sort', 'SORT=DISPLAY': 'sort', 'ESORT': 'sort',
           'THREAD=REFERENCES': 'thread', 'CONDSTORE': 'condstore', 'QRESYNC': 'condstore',
           'UNAUTHENTICATE': 'unauthenticate', 'OBJECTID': 'objectid', 'PREVIEW': 'preview'}
# ENABLE UTF8=ACCEPT is a command of signed-in clients: RFC 9755 §3 lets it be told then
TOLD_LATER = {'UTF8=ACCEPT'}

POOR = ('--no-blob', '--no-quota', '--no-sieve', '--no-sharing', '--no-push')


def expected(names, without=()):
    """The names that this source tree has to advertise."""
    kept = []
    for name in names:
        folder = os.path.join(procs.SOURCE, 'extensions', MODULES.get(name, ''))
        if not os.path.isdir(folder):
            tap.note('%s: extensions/%s is not there' % (name, MODULES[name]))
        elif name not in without:
            kept.append(name)
    return {name.upper() for name in kept}


def told(imap):
    return {name.decode() for name in imap.capabilities()}


def check(ferry):
    with Imap(ferry.host, ferry.ports['starttls'], tls='starttls', user=ferry.user,
              password=ferry.password) as imap:
        missing = expected(AFTER) - told(imap)
        tap.same(sorted(missing), [], 'after sign-in')
    with Imap(ferry.host, ferry.ports['starttls']) as imap:
        first = told(imap)
        tap.same(sorted(expected(BEFORE, TOLD_LATER) - first), [], 'before sign-in')


def test_rich_backend():
    with Sample() as sample, Ferry(sample.url, ['starttls']) as ferry:
        check(ferry)


def test_poor_backend():
    with Sample(*POOR) as sample, Ferry(sample.url, ['starttls']) as ferry:
        check(ferry)


def test_cyrus():
    with Cyrus() as cyrus, Ferry(cyrus.url, ['starttls']) as ferry:
        check(ferry)


if __name__ == '__main__':
    tap.run([test_rich_backend, test_poor_backend, test_cyrus], timeout=110)
