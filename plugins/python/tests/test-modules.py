#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Extensions in Python as `ferry plugins` and `ferry plugins --check` see them: good ones load, broken
ones are named with the reason and left out, and nothing of the user's Python gets in."""

import ast
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))
from lib import procs, tap  # noqa: E402
from lib.ferry import find  # noqa: E402

GIR = '{http://www.gtk.org/introspection/core/1.0}'
REGISTER = 'from gi.repository import Ferry\ndef register(registry):\n    '
COMMAND = ('registry.add_command(%r, None, Ferry.Phase.ANY, Ferry.Ordering.ANY, '
           'lambda command, data: None)\n')

# name, its text, words of its reason
BROKEN = [
    ('syntax', 'def register(registry:\n', ["syntax.py, line 1: '(' was never closed"]),
    ('raises', 'x = 1\nraise ValueError("the moon is full")\n',
     ['raises.py, line 2: ValueError: the moon is full']),
    ('registering', 'def helper():\n    return [][0]\ndef register(registry):\n    helper()\n',
     ['registering.py, line 2: IndexError']),
    ('nothing', '', ['has no function register(registry)']),
    ('number', 'register = 7\n', ['has no function register(registry)']),
    ('false', 'def register(registry):\n    return False\n', ['says False']),
    ('twice', REGISTER + COMMAND % 'NOOP', ['NOOP', 'module base has registered it already']),
    ('half', REGISTER + COMMAND % 'XHALF' + '    1 / 0\n', ['half.py, line 4: ZeroDivisionError']),
    ('other-half', REGISTER + COMMAND % 'XHALF' + '    1 / 0\n', ['line 4: ZeroDivisionError']),
    ('arguments', REGISTER + 'registry.add_command("XARGUMENTS")\n',
     ['TypeError: add_command() takes 5 arguments']),
    ('function', REGISTER + 'registry.add_enable("XFUNCTION", "no function")\n',
     ["enable XFUNCTION: 'no function' is not callable"]),
    ('loader', REGISTER + 'registry.add_loader("XLOADER", None)\n',
     ['NotImplementedError: add_loader() is not for extensions in Python']),
    ('types', REGISTER + 'registry.add_capability(7, Ferry.Phase.ANY, None)\n',
     ['types.py, line 3: TypeError']),
    ('exit', 'import sys\nsys.exit("good bye")\n', ['SystemExit: good bye']),
    ('interrupt', 'raise KeyboardInterrupt()\n', ['KeyboardInterrupt']),
    ('deep', 'def register(registry):\n    register(registry)\n', ['RecursionError']),
    ('absent', None, ['absent.py']),
    ('latin', b'x = "\xe9"\n', ['utf-8']),
    ('signals', 'import signal\nsignal.signal(signal.SIGTERM, lambda *_: None)\n'
     'def register(registry):\n    pass\n', ['takes over signal 15']),
    ('imports', 'import no_such_package\n', ['ModuleNotFoundError', 'no_such_package']),
    ('environment', 'import planted\n', ["No module named 'planted'"]),
    ('user', 'import planted_for_user\n', ["No module named 'planted_for_user'"]),
    ('neighbour', 'import good\n', ["No module named 'good'"]),
    ('setting', REGISTER + 'registry.add_setting("n", Ferry.SettingType.INTEGER, "0", "1:9", False, '
     '"N.")\n', ['module setting, setting n: is outside 1:9']),
    ('odd.name', 'raise ValueError("odd")\n', ['ValueError: odd']),
]
GOOD = REGISTER + '''registry.add_capability('XGOOD', Ferry.Phase.ANY, lambda session, data: data, '1')
    print('good is here')
    registry.add_command('XGOOD', None, Ferry.Phase.ANY, Ferry.Ordering.ANY, lambda command, data: None)
'''


SETTINGS = REGISTER + '''registry.add_setting('count', Ferry.SettingType.INTEGER, '3', '1:9', False, 'How many.')
    registry.add_setting('words', Ferry.SettingType.LIST, 'a;b', None, False, 'Which words.')
    settings = registry.get_settings()
    raise ValueError('count is %d, words are %s' % (settings.get_integer('extension set', 'count'),
                     settings.get_list('extension set', 'words')))
'''


class House:
    """A folder of extensions, and a home to keep out of."""

    def __init__(self):
        self.dir = procs.temp_dir('python')
        self.folder = os.path.join(self.dir, 'modules')
        self.home = os.path.join(self.dir, 'home')
        self.ferry = find('ferry') or tap.skip_all('ferry is not built')
        os.makedirs(os.path.join(self.folder, 'package'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        procs.remove_dir(self.dir)

    def write(self, path, text):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as out:
            out.write(text if isinstance(text, bytes) else text.encode())

    def module(self, name, text, keys='Loader=python\n', module=None):
        self.write('modules/%s.plugin' % name,
                   '[Plugin]\nName=%s\nModule=%s\nABI=1\n%s' % (name, module or name, keys))
        if text is not None:
            self.write('modules/%s.py' % (module or name), text)

    def call(self, *arguments, extensions='*;python', env=None, more='', command='plugins'):
        self.write('ferry.conf', '[ferry]\nextensions=%s\nplugin-dir=%s\n[listener imap]\nport=0\n'
                   '[backend main]\nurl=https://localhost\n%s' % (extensions, self.folder, more))
        env = dict(os.environ, HOME=self.home, XDG_STATE_HOME=self.home, XDG_CACHE_HOME=self.home,
                   LC_ALL='C', **(env or {}))
        return subprocess.run([self.ferry, '--config', os.path.join(self.dir, 'ferry.conf'),
                               command, *arguments], capture_output=True, text=True, env=env,
                              timeout=100 * procs.PATIENCE)

    def states(self, **options):
        """Name to state and everything that was said of it."""
        done, found = self.call(**options), {}
        tap.same(done.returncode, 0, done.stderr)
        for line in done.stdout.splitlines():
            if not line.startswith(' '):
                name, state = line.split()[:2]
                found[name] = [state, '']
            found[name][1] += line + '\n'
        return found


def fill(house):
    house.module('good', GOOD)
    house.module('package', None)
    house.write('modules/package/__init__.py', 'from .inner import register\n')
    house.write('modules/package/inner.py', REGISTER + COMMAND % 'XPACKAGE')
    for name, text, _ in BROKEN:
        house.module(name, text)
    for path in ('planted.py', '.local/lib/python3.11/site-packages/planted_for_user.py'):
        house.write('home/' + path, 'raise SystemExit("planted code runs")\n')


def test_broken_modules_are_named(house):
    fill(house)
    found = house.states(env={'PYTHONPATH': house.home, 'PYTHONHOME': house.home,
                              'PYTHONSTARTUP': house.home + '/planted.py'})
    for name, _, reasons in BROKEN:
        tap.same(found[name][0], 'broken', found[name][1])
        for word in reasons:
            tap.check(word in found[name][1], '%r in %s' % (word, found[name][1]))
        tap.check('modules/%s.plugin' % name in found[name][1], 'its key file is named')
    for name in ('good', 'package', 'python'):
        tap.same(found[name][0], 'loaded', found[name][1])


def test_check_finds_the_same(house):
    fill(house)
    house.module('killer', 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n')
    done = house.call('--check')
    tap.same(done.returncode, 1)
    said = {line.split()[0]: line for line in done.stdout.splitlines() if line[:1].strip()}
    for name, _, reasons in BROKEN:
        for word in reasons:
            tap.check(word in said[name], '%r in %s' % (word, said[name]))
    tap.check('crashes' in said['killer'], said['killer'])
    for name in ('good', 'package', 'python'):
        tap.check(said[name].split()[1] == 'good', said[name])


def test_off_until_configured(house):
    house.module('good', GOOD)
    house.module('quiet', GOOD, keys='Loader=python\nDefault=false\n')
    found = house.states(extensions='*')
    tap.same((found['python'][0], found['quiet'][0]), ('off', 'off'))
    tap.same(found['good'][0], 'needs')
    tap.check('needs module python, which is left out: switched off' in found['good'][1],
              found['good'][1])
    done = house.call('--check', extensions='*;!good')
    tap.same(done.returncode, 0, done.stdout)
    found = house.states(extensions='*;python;!good;quiet')
    tap.same((found['good'][0], found['quiet'][0]), ('off', 'loaded'), found['quiet'][1])


def test_no_loader(house):
    house.module('lost', 'raise SystemExit\n', keys='Loader=nobody\n')
    house.module('wrong', 'raise SystemExit\n', keys='Loader=package\n')
    house.module('package', None)
    house.write('modules/package/__init__.py', 'def register(registry):\n    pass\n')
    found = house.states()
    tap.same((found['lost'][0], found['wrong'][0]), ('needs', 'broken'))
    tap.check('module nobody, which is not installed' in found['lost'][1], found['lost'][1])
    tap.check('module package does not load other modules' in found['wrong'][1], found['wrong'][1])


def test_settings(house):
    """A setting's value is there once it is declared; `ferry config check` knows it."""
    house.module('set', SETTINGS)
    for more, wanted in (('', "count is 3, words are ['a', 'b']"),
                         ('[extension set]\ncount=9\nwords=x\n', "count is 9, words are ['x']"),
                         ('[extension set]\ncount=10\n', 'count is 3, words')):
        found = house.states(more=more)
        tap.check(wanted in found['set'][1], found['set'][1])
    house.module('set', SETTINGS.replace('raise ValueError', 'print'))
    for more, wanted, status in (
            ('[extension set]\ncount=9\n', 'good', 0),
            ('[extension set]\ncount=10\n', '[extension set] count = 10: is outside 1:9', 1),
            ('[extension set]\nlength=1\n', '[extension set] length is not a known key', 1)):
        done = house.call('check', more=more, command='config')
        tap.same(done.returncode, status, done.stderr)
        tap.check(wanted in done.stdout + done.stderr, done.stdout + done.stderr)


def test_no_bytecode_is_left(house):
    house.module('good', GOOD)
    tap.same(house.states()['good'][0], 'loaded')
    tap.same([name for _, names, _ in os.walk(house.folder) for name in names if name == '__pycache__'],
             [])


def test_every_call_is_guarded(_):
    """A kind of contribution that Python can register and the host does not know would be without
    a guard."""
    with open(os.path.join(os.environ['FERRY_SRCDIR'], 'plugins', 'python', 'host.py')) as source:
        tree = ast.parse(source.read())
    calls = next(node.value for node in tree.body if isinstance(node, ast.Assign)
                 and node.targets[0].id == 'CALLS')
    guarded = {key.value for key in calls.keys}
    root = ElementTree.parse(os.path.join(os.environ['FERRY_BUILDDIR'], 'core', 'Ferry-1.0.gir'))
    registry = next(node for node in root.iter(GIR + 'class') if node.get('name') == 'Registry')
    known = {node.get('name') for node in registry.iter(GIR + 'method')
             if node.get('name').startswith('add_') and node.get('introspectable') != '0'}
    tap.same(known - guarded, {'add_loader'},
             'calls without a guard: say in CALLS of host.py what their functions are')
    tap.same(guarded - known, set(), 'guards without a call')


def alone(case):
    """With extensions of its own."""
    def run():
        with House() as house:
            case(house)
    run.__name__ = case.__name__
    return run


if __name__ == '__main__':
    tap.run([alone(case) for case in (
        test_broken_modules_are_named, test_check_finds_the_same, test_off_until_configured,
        test_no_loader, test_settings, test_no_bytecode_is_left,
        test_every_call_is_guarded)], timeout=110)
