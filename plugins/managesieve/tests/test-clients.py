#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real ManageSieve clients, sieve-connect and python3-sievelib, on the sample server and on Cyrus."""

import contextlib
import os
import sys
import tempfile
import warnings

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import clients, target                                 # noqa: E402
from lib.sieve import Sieve                                     # noqa: E402
from lib.tap import Failure, Skip, check, run, same             # noqa: E402

LISTENERS = ('plain', 'sieve', 'sieve-starttls')
SCRIPT = '''require ["fileinto", "envelope"];
# Bücher, "quoted" \\ and {5}
if envelope :contains "to" "alice+lists" {
  fileinto "Archive";
}
'''
OTHER = 'keep;\n'
WRONG = 'keep;\nnonsense;\n'


@contextlib.contextmanager
def fixture():
    with target.on_sample(listeners=LISTENERS) as sample, target.on_cyrus(listeners=LISTENERS) as cyrus:
        yield {'sample': sample, 'cyrus': cyrus}


def on_both(case):
    """`case(server)` before each backend; the account has no scripts before and after."""
    def wrapped(servers):
        for name, server in servers.items():
            with ours(server) as client:
                client.clear()
            try:
                case(server)
            except Exception as problem:
                raise Failure('%s: %s' % (name, problem)) from problem
            with ours(server) as client:
                client.clear()
    wrapped.__name__ = case.__name__
    return wrapped


def ours(server):
    return Sieve(server.host, server.front.ports['sieve'], user='alice')


# sieve-connect

class SieveConnect:
    def __init__(self, server, home):
        self.program = clients.need('sieve-connect', 'sieve-connect')
        self.server, self.home = server, home

    def __call__(self, *arguments, tls=True, good=(0,), password='secret'):
        port = self.server.front.ports['sieve-starttls' if tls else 'sieve']
        how = ['--tlscafile', clients.ca_file(self.server)] if tls else ['--clearchan']
        done = clients.run([self.program, '--server', 'localhost', '-4', '--port', str(port), '--nosrv',
                            '--user', 'alice', '--passwordfd', '0', *how, *arguments],
                           self.home, good=good, input=password.encode())
        return (done.stdout + done.stderr).decode()

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, 'w') as out:
            out.write(text)
        return path


@contextlib.contextmanager
def sieve_connect(server):
    with tempfile.TemporaryDirectory() as home:
        yield SieveConnect(server, home)


@on_both
def test_sieve_connect(server):
    with sieve_connect(server) as program:
        path = program.write('mine.sieve', SCRIPT)
        program('--upload', '--localsieve', path, '--remotesieve', 'mine')
        program('--upload', '--localsieve', program.write('other.sieve', OTHER), '--remotesieve', 'other')
        same(program('--list').split('\n')[:2], ['"mine"', '"other"'])
        program('--activate', '--remotesieve', 'mine')
        check('"mine" ACTIVE' in program('--list'), 'active')
        back = os.path.join(program.home, 'back.sieve')
        program('--download', '--remotesieve', 'mine', '--localsieve', back)
        with open(back) as got:
            same(got.read(), SCRIPT)
        program('--checkscript', '--localsieve', path)
        program('--deactivate')
        check('ACTIVE' not in program('--list'), 'not active')
        program('--delete', '--remotesieve', 'other')
        same(program('--list').split(), ['"mine"'])
    with ours(server) as client:
        same((client.list(), client.get('mine')), ({'mine': False}, SCRIPT.encode()), 'seen by others')


@on_both
def test_sieve_connect_is_told_what_is_wrong(server):
    failed = tuple(range(1, 256))
    with sieve_connect(server) as program:
        wrong = program.write('wrong.sieve', WRONG)
        said = program('--upload', '--localsieve', wrong, '--remotesieve', 'x', good=failed)
        check('line 2' in said, said)
        said = program('--checkscript', '--localsieve', wrong, good=failed)
        check('line 2' in said, said)
        program('--download', '--remotesieve', 'nonsuch', '--localsieve', '-', good=failed)
        program('--upload', '--localsieve', program.write('a', OTHER), '--remotesieve', 'a')
        program('--activate', '--remotesieve', 'a')
        said = program('--delete', '--remotesieve', 'a', good=(0, *failed))
        check('active script' in said, said)
        said = program('--list', password='wrong', good=failed)
        check('secret' not in said, said)
    with ours(server) as client:
        same(client.list(), {'a': True})


@on_both
def test_sieve_connect_as_a_shell(server):
    with sieve_connect(server) as program:
        program.write('a.sieve', SCRIPT)
        commands = program.write('commands', 'put a.sieve one\nput a.sieve two\nls\nactivate two\nls\n'
                                             'view one\nrm one\ndeactivate\nls\nquit\n')
        said = program('--exec', commands, tls=False)
        check('"two" ACTIVE' in said and 'fileinto "Archive"' in said, said)
    with ours(server) as client:
        same(client.list(), {'two': False})


# python3-sievelib

def sievelib(server, starttls=False):
    try:
        from sievelib.managesieve import Client
    except ImportError as problem:
        raise Skip('no sievelib here (package python3-sievelib)') from problem
    client = Client(server.host, server.front.ports['sieve-starttls' if starttls else 'sieve'])
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')         # it uses ssl.wrap_socket()
        check(client.connect('alice', 'secret', starttls=starttls), 'connect: %r' % client.errcode)
    return client


@on_both
def test_sievelib(server):
    for starttls in (False, True):
        client = sievelib(server, starttls)
        check('fileinto' in client.get_sieve_capabilities(), 'SIEVE')
        check(client.get_implementation().startswith('Ferry '), 'IMPLEMENTATION')
        check(b'"OWNER"' in client.capability(), 'CAPABILITY')
        same(client.listscripts(), (None, []))
        check(client.havespace('mine', len(SCRIPT.encode())), 'HAVESPACE')
        check(client.checkscript(SCRIPT) and client.putscript('mine', SCRIPT), 'PUTSCRIPT')
        check(client.putscript('März', OTHER), 'another name')
        check(client.setactive('mine'), 'SETACTIVE')
        same(client.listscripts(), ('mine', ['März']))
        same(client.getscript('mine').rstrip(), SCRIPT.rstrip())
        check(client.renamescript('mine', 'yours'), 'RENAMESCRIPT')
        same(client.listscripts(), ('yours', ['März']))
        check(not client.putscript('wrong', WRONG) and b'line 2' in client.errmsg, 'PUTSCRIPT of nonsense')
        for act, code in ((lambda: client.deletescript('yours'), b'ACTIVE'),
                          (lambda: client.setactive('nonsuch'), b'NONEXISTENT'),
                          (lambda: client.renamescript('yours', 'März'), b'ALREADYEXISTS'),
                          (lambda: client.havespace('big', 4000000000), b'QUOTA/MAXSIZE')):
            check(not act() and client.errcode == code, '%r: %r' % (code, client.errcode))
        check(client.setactive('') and client.deletescript('yours') and client.deletescript('März'), 'all gone')
        same(client.listscripts(), (None, []))
        client.logout()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=230)
