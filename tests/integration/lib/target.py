# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test talks to: ferryd before a private Cyrus, or that Cyrus itself.

FERRY_TEST_TARGET=cyrus proves a test against the native server: what fails there is the test's
own fault.
"""

import contextlib
import os

from .cyrus import Cyrus
from .ferry import Ferry, find
from .imap import Imap
from .proxy import Proxy
from .sample import Sample
from .tap import Skip

NATIVE = os.environ.get('FERRY_TEST_TARGET') == 'cyrus'


class Native:
    """A Cyrus that answers where ferryd would."""

    def __init__(self, cyrus, listeners=('plain',)):
        self.cyrus, self.listeners = cyrus, listeners
        self.host, self.user, self.password = cyrus.host, 'alice', 'secret'

    @property
    def ports(self):
        return {'plain': self.cyrus.imap_port, 'starttls': self.cyrus.imap_port,
                'implicit': self.cyrus.imaps_port}

    imap_port = property(lambda self: self.ports['plain'])
    imaps_port = property(lambda self: self.ports['implicit'])

    def imap(self, user=None, tls=None, **options):
        if tls is None and self.listeners[0] != 'plain':
            tls = self.listeners[0]
        return Imap(self.host, self.ports[tls or 'plain'], tls=tls, user=user or self.user,
                    password=self.password, **options)

    def restart(self):
        self.cyrus.restart()


class Target:
    """`front` is what is tested, `cyrus` the backend (and the yardstick)."""

    def __init__(self, cyrus, front, proxy=None):
        self.cyrus, self.front, self.proxy = cyrus, front, proxy
        self.host, self.user, self.password = front.host, front.user, front.password

    def imap(self, user=None, **options):
        return self.front.imap(user, **options)

    def native(self, user=None, **options):
        return self.cyrus.imap(user or self.user, **options)

    def fresh(self, name):
        """An empty mailbox, made natively."""
        with self.native() as client:
            client.cmd('DELETE ' + name)
            client.ok('CREATE ' + name)
        return name


def need_ferry():
    if not NATIVE and not find('ferryd'):
        raise Skip('ferryd is not built')


@contextlib.contextmanager
def on_cyrus(listeners=('plain',), settings=None, before=None, **cyrus_options):
    """Yield a Target. `before(cyrus)` fills the backend before ferryd first sees it.

    Between ferryd and Cyrus is a Proxy, `target.proxy`, that passes everything on until it is told
    otherwise.
    """
    need_ferry()
    tls = NATIVE and bool(set(listeners) - {'plain'})
    with Cyrus(tls=tls, **cyrus_options) as cyrus:
        if before:
            before(cyrus)
        if NATIVE:
            yield Target(cyrus, Native(cyrus, listeners))
            return
        with Proxy(cyrus.host, cyrus.http_port) as proxy:
            with Ferry(proxy.url, listeners=listeners, settings=settings) as ferry:
                yield Target(cyrus, ferry, proxy)


def ferry_only(reason='compares Ferry with the native server'):
    if NATIVE:
        raise Skip(reason)


class SampleTarget:
    """ferryd before the sample server; `proxy` is between them."""

    def __init__(self, sample, ferry, proxy):
        self.sample, self.front, self.ferry, self.proxy = sample, ferry, ferry, proxy
        self.host, self.user, self.password = ferry.host, ferry.user, ferry.password

    def imap(self, user=None, **options):
        return self.front.imap(user, **options)


@contextlib.contextmanager
def on_sample(*options, settings=None, listeners=('plain',), **more):
    """Yield a SampleTarget."""
    if NATIVE:
        raise Skip('needs the sample server')
    need_ferry()
    with Sample(*options, **more) as sample, Proxy(sample.host, sample.port) as proxy:
        with Ferry(proxy.url, listeners=listeners, settings=settings) as ferry:
            yield SampleTarget(sample, ferry, proxy)
