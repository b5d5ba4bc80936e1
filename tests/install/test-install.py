#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ferry under a prefix: what is there, what it exports, what others can build against it, and that
an extension's folder can be deleted."""

import glob
import os
import re
import resource
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from house import CC, House, attempt, meson, procs, run, tap  # noqa: E402
from lib.ferry import Ferry  # noqa: E402
from lib.sample import Sample  # noqa: E402
import tutorial  # noqa: E402

# the folders of all modules, and their names
FOLDERS = {os.path.basename(os.path.dirname(path)): os.path.relpath(os.path.dirname(path),
                                                                    os.environ['FERRY_SRCDIR'])
           for top in ('extensions', 'plugins')
           for path in glob.glob('%s/%s/*/meson.build' % (os.environ['FERRY_SRCDIR'], top))}
OWN = sorted(FOLDERS)


def built(house):
    """The modules that this machine has everything for."""
    return [name for name in OWN
            if os.path.exists(os.path.join(house.build, FOLDERS[name], name + '.plugin'))]


# name, body of the register function (or more), key file, the words of its reason
BROKEN = [
    ('old', {'keys': 'ABI=0\n'}, 'ABI 0'),
    ('older', {'define': 'const FerryPlugin ferry_plugin = {0, "older", register_it};'}, 'ABI 0'),
    ('symbol', {'code': 'extern gboolean ferry_no_such_thing(void);',
                'register': 'return ferry_no_such_thing();'}, 'ferry_no_such_thing'),
    ('stranger', {'define': ''' '''}, 'ferry_plugin'),
    ('misnamed', {'define': 'FERRY_PLUGIN_DEFINE(somebody, register_it)'}, 'somebody'),
    ('twice', {'register': 'return ferry_registry_add_command(registry, "NOOP", NULL, '
                           'FERRY_PHASE_ANY, FERRY_ORDERING_ANY, NULL, NULL, NULL, error);'},
     'NOOP'),
    ('failing', {'register': 'g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED, '
                             '"the moon is full"); return FALSE;'}, 'the moon is full'),
    ('silent', {'register': 'return FALSE;'}, 'does not say why'),
]


def test_files(house):
    for path in ('bin/ferryd', 'bin/ferry', 'lib/libferry-1.so.0', 'lib/pkgconfig/ferry-1.pc',
                 'include/ferry-1/ferry.h', 'share/gir-1.0/Ferry-1.0.gir',
                 'lib/girepository-1.0/Ferry-1.0.typelib', 'share/doc/ferry/ferry.conf.sample'):
        tap.check(os.path.exists(house.installed(path)), path)
    tap.same(house.pkg_config('--variable=plugindir'), [house.plugins])
    for name in built(house):
        for suffix in ('.so', '.plugin'):
            tap.check(os.path.exists(os.path.join(house.plugins, name + suffix)), name + suffix)
    private = glob.glob(house.installed('include', '**', '*-private.h'), recursive=True)
    tap.same(private, [], 'private headers')


def exported(path):
    return {line.split()[-1].split('@')[0]
            for line in run('nm', '-D', '--defined-only', path).splitlines()}


def test_exports(house):
    foreign = {name for name in exported(house.installed('lib', 'libferry-1.so.0'))
               if not name.startswith('ferry_')}
    tap.same(foreign, set(), 'libferry-1 exports')
    for path in glob.glob(house.plugins + '/*.so'):
        tap.same(exported(path), {'ferry_plugin'}, os.path.basename(path) + ' exports')


def test_headers_stand_alone(house):
    """Each installed header compiles by itself with what pkg-config says, and nothing else."""
    top = house.installed('include', 'ferry-1')
    sources = []
    for path in sorted(glob.glob(top + '/**/*.h', recursive=True)):
        name = os.path.relpath(path, top)
        sources.append(os.path.join(house.outside, name.replace('/', '-')[:-2] + '.c'))
        with open(sources[-1], 'w') as out:
            out.write('#include <%s>\n' % name)
    tap.check(len(sources) > 20, 'headers are installed')
    run(*CC, '-std=c17', '-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-fsyntax-only',
        *house.pkg_config('--cflags'), *sources, env=house.environment())


def states(house, *arguments):
    """What `ferry plugins` says: name to state and the text of its lines."""
    done = house.ferry('plugins', *arguments)
    tap.same(done.returncode, 0, done.stderr)
    found = {}
    for line in done.stdout.splitlines():
        if not line.startswith(' '):
            name, state = line.split()[:2]
            found[name] = [state, '']
        found[name][1] += line
    return found


def test_programs_of_the_prefix(house):
    done = house.ferryd('--check', '--config', house.config('plain'))
    tap.same(done.returncode, 0, done.stderr)
    found = states(house)
    tap.same(sorted(found), built(house))
    for name in found:
        tap.check(found[name][0] in ('loaded', 'off'), found[name])
    tap.same(house.ferry('plugins', '--check').returncode, 0)
    tap.same(house.ferry('config', 'sample').returncode, 0)


def test_programs_of_the_build_tree(house):
    """From the build tree, the modules of the build tree, even where some are installed."""
    moved = house.plugins + '.away'
    os.rename(house.plugins, moved)
    try:
        done = attempt(os.path.join(house.build, 'core', 'cli', 'ferry'), 'plugins',
                       env=house.environment())
        tap.same(sorted(line.split()[0] for line in done.stdout.splitlines()
                        if not line.startswith(' ')), built(house))
        tap.check(not house.ferry('plugins').stdout, 'nothing is installed')
    finally:
        os.rename(moved, house.plugins)


def test_typelib_of_the_prefix(house):
    env = dict(house.environment(), LD_LIBRARY_PATH=house.installed('lib'),
               GI_TYPELIB_PATH=house.installed('lib', 'girepository-1.0'))
    done = attempt('/usr/bin/python3', '-c', 'from gi.repository import Ferry; '
                   'print(Ferry.UidSet.new_from_array([1, 2, 4]).to_string())', env=env)
    if 'No module named' in done.stderr:
        raise tap.Skip('no python3-gi here')
    tap.same(done.stdout.strip(), '1:2,4', done.stderr)


def test_extension_from_outside(house):
    """What `ferry plugins new` writes: built in a project of its own, tested by its own tests,
    installed where pkg-config says; it answers."""
    done = house.ferry('plugins', 'new', 'weather-2', '--directory', house.outside)
    tap.same(done.returncode, 0, done.stderr)
    source = os.path.join(house.outside, 'weather-2')
    env = house.environment()
    run(meson(), 'setup', source + '/build', source, '-Dwerror=true', env=env)
    said = run(meson(), 'test', '-C', source + '/build', env=env)
    tap.check(re.search(r'^Ok: +2 *$', said, re.M), said)
    run(meson(), 'install', '-C', source + '/build', env=env)
    try:
        tap.same(states(house)['weather-2'][0], 'loaded')
        tap.same(house.ferry('plugins', '--check', 'weather-2').stdout.split(),
                 ['weather-2', 'good'])
        answer_weather(house)
    finally:
        for path in glob.glob(house.plugins + '/weather-2.*'):
            os.unlink(path)


def answer_weather(house):
    os.environ['FERRYD'] = house.installed('bin', 'ferryd')
    try:
        with Sample() as sample, Ferry(sample.url, settings={'ferry': {'plugin-dir': ''}}) as ferry:
            with ferry.imap() as imap:
                tap.check(b'XWEATHER-2' in imap.capabilities(), 'it is advertised')
                reply = imap.ok('XWEATHER-2')
                tap.check(reply.all(b'XWEATHER-2'), 'it answers: %s' % reply)
    finally:
        del os.environ['FERRYD']


def test_tutorial(house):
    """doc/writing-an-extension.md, word by word; then a client uses what came of it."""
    tap.check(tutorial.same_output('1/2 loads  OK 0.2s\n\nOk: 2\n', ['1/2 loads OK ...', '...']) and
              not tutorial.same_output('1/2 loads FAIL 0.2s\n', ['1/2 loads OK ...']) and
              not tutorial.same_output('good\nmore\n', ['good']), 'printed lines are compared')
    folder = os.path.join(house.outside, 'tutorial')
    os.mkdir(folder)
    env = house.environment()
    env['PATH'] = ':'.join((house.installed('bin'), os.path.dirname(meson()), env['PATH']))
    page = os.path.join(house.source, 'doc', 'writing-an-extension.md')
    try:
        commands, blocks = tutorial.follow(page, folder, env)
        tap.check(commands >= 9 and blocks >= 10, '%d commands, %d blocks' % (commands, blocks))
        os.environ['FERRYD'] = house.installed('bin', 'ferryd')
        with Sample('--sample', 'alice') as sample, \
                Ferry(sample.url, settings={'ferry': {'plugin-dir': ''}}) as ferry:
            with ferry.imap() as imap:
                tap.check(b'XMEDIATYPES' in imap.capabilities(), 'it is advertised')
                imap.select()
                types = imap.fetch(1, '(XMEDIATYPES)')[1][b'XMEDIATYPES']
                tap.check(any(b'text/' in kind for kind in types), types)
    finally:
        os.environ.pop('FERRYD', None)
        for path in glob.glob(house.plugins + '/mediatypes.*'):
            os.unlink(path)


def test_new_refuses(house):
    """What is there already, names that are none, places where nothing can be written."""
    place = os.path.join(house.outside, 'refused')
    os.mkdir(place)
    for name in ('', '-a', 'a-', 'a--b', 'Boat', 'boät', 'a/b', '../a', '.', '1a', 'base', 'a' * 33):
        done = house.ferry('plugins', 'new', '--directory', place, '--', name)
        tap.same(done.returncode, 1, name)
        tap.check('“%s” cannot be a module\'s name' % name in done.stderr, done.stderr)
    tap.same(os.listdir(place), [])
    os.mkdir(place + '/boat')
    for where, reason in ((place, place + '/boat cannot be made: File exists'),
                          (place + '/none', 'No such file'), ('/proc', '/proc/boat')):
        done = house.ferry('plugins', 'new', 'boat', '--directory', where)
        tap.same(done.returncode, 1, where)
        tap.check(reason in done.stderr, done.stderr)
    tap.same(os.listdir(place + '/boat'), [], 'what exists is left alone')
    for words in ((), ('a', 'b')):
        tap.same(house.ferry('plugins', 'new', *words).returncode, 2, words)


def test_new_leaves_nothing_half(house):
    """Where there is no room, what was begun is removed."""
    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    place = os.path.join(house.outside, 'full')
    os.mkdir(place)
    done = subprocess.run([house.installed('bin', 'ferry'), 'plugins', 'new', 'boat'], cwd=place,
                          env=house.environment(), preexec_fn=no_room, restore_signals=False,
                          capture_output=True, text=True, timeout=60)
    tap.same(done.returncode, 1, done.stderr)
    tap.check('meson.build' in done.stderr, done.stderr)
    tap.same(os.listdir(place), [])


def test_one_compiler_line(house):
    """Modules that a compiler line made, found through plugin-dir, each behind what it needs."""
    house.module('good', 'breeze', register='return ferry_registry_add_capability(registry, '
                 '"XBREEZE", FERRY_PHASE_ANY, NULL, NULL, NULL, error);')
    folder = house.module('good', 'anchor', register='return ferry_registry_lookup(registry, '
                          'FERRY_CONTRIBUTION_CAPABILITY, "XBREEZE") != NULL;',
                          keys='ABI=1\nNeeds=breeze\n')
    config = house.config('good', **{'plugin-dir': folder})
    found = states(house, '--config', config)
    tap.same((found['breeze'][0], found['anchor'][0]), ('loaded', 'loaded'))
    tap.same(house.ferryd('--check', '--config', config).returncode, 0)
    found = states(house, '--config',
                   house.config('chosen', **{'plugin-dir': folder, 'extensions': '*;!breeze'}))
    tap.same((found['breeze'][0], found['anchor'][0]), ('off', 'needs'))


def test_broken_modules_are_named(house):
    for name, how, _ in BROKEN:
        folder = house.module('broken', name, **how)
    config = house.config('broken', **{'plugin-dir': folder})
    found = states(house, '--config', config)
    check = house.ferry('plugins', '--check', '--config', config)
    daemon = house.ferryd('--check', '--config', config)
    tap.same((check.returncode, daemon.returncode), (1, 1), 'exit status')
    checked = {line.split()[0]: line for line in check.stdout.splitlines() if line[:1].strip()}
    for name, _, reason in BROKEN:
        tap.same(found[name][0], 'broken', name)
        tap.check(reason in found[name][1], found[name][1])
        tap.check(reason in checked[name], checked[name])
        tap.check(re.search(r'module %s .*%s' % (name, reason), daemon.stderr), daemon.stderr)
    for name in built(house):
        tap.check(found[name][0] != 'broken', 'the others work: ' + found[name][1])


def test_crashing_module_is_named(house):
    house.module('crash', 'crash', register='raise(SIGSEGV); return TRUE;',
                 code='#include <signal.h>')
    house.module('crash', 'late', code='#include <signal.h>\n#include <stdlib.h>\n'
                 'static void leave(void) { raise(SIGABRT); }',
                 register='atexit(leave); return TRUE;')
    house.module('crash', 'leave', register='_exit(3);', code='#include <unistd.h>')
    house.module('crash', 'quiet', register='_exit(0);', code='#include <unistd.h>')
    folder = house.module('crash', 'hang', register='for (;;) pause();', code='#include <unistd.h>')
    done = house.ferry('plugins', '--check', '--config',
                       house.config('crash', **{'plugin-dir': folder}))
    tap.same(done.returncode, 1)
    said = {line.split()[0]: line for line in done.stdout.splitlines() if line[:1].strip()}
    for name, words in (('crash', 'crashes'), ('late', 'crashes'), ('leave', 'status 3'),
                        ('quiet', 'status 0'), ('hang', 'seconds')):
        tap.check(words in said[name], said[name])
    for name in built(house):
        tap.check('good' in said[name], said[name])


def test_modules_that_clash(house):
    """Each is good alone; together the second of a command, capability or item is left out."""
    add = ('return ferry_registry_add_command(registry, "XCLASH", NULL, FERRY_PHASE_ANY, '
           'FERRY_ORDERING_ANY, NULL, NULL, NULL, error);')
    for name in ('clash-a', 'clash-b'):
        folder = house.module('clash', name, register=add)
    house.module('clash', 'needy', keys='ABI=1\nNeeds=clash-b\n')
    config = house.config('clash', **{'plugin-dir': folder})
    done = house.ferry('plugins', '--check', '--config', config, 'clash-a', 'clash-b', 'needy')
    tap.same(done.returncode, 1)
    said = {line.split()[0]: line for line in done.stdout.splitlines() if line[:1].strip()}
    tap.same(sorted(said), ['clash-a', 'clash-b', 'needy'])
    tap.check(said['clash-a'].endswith(' good'), said['clash-a'])
    for word in ('XCLASH', 'clash-a', 'clash-b.so'):
        tap.check(word in said['clash-b'], said['clash-b'])
    tap.check('clash-b' in said['needy'], said['needy'])
    found = states(house, '--plugin-dir', folder)
    tap.same([found[name][0] for name in sorted(said)], ['loaded', 'broken', 'needs'])
    done = house.ferry('plugins', '--check', 'no-such')
    tap.same((done.returncode, 'no-such' in done.stderr), (2, True))


def list_tests(house):
    return run(meson(), 'test', '-C', house.build, '--list').split()


def delete_extensions(house, names):
    for name in names:
        shutil.rmtree(os.path.join(house.source, FOLDERS[name]))
        shutil.rmtree(os.path.join(house.build, FOLDERS[name]), ignore_errors=True)
    run('ninja', '-C', house.build)


def test_one_extension_deleted(house):
    """Its folder takes everything of it away, and the rest builds and passes."""
    if not OWN:
        raise tap.Skip('there is no extension')
    # one with settings, where it is there
    gone = 'metadata' if 'metadata' in OWN else OWN[0]
    delete_extensions(house, [gone])
    tap.check(not any(gone in name for name in list_tests(house)), 'its tests are gone')
    done = attempt(os.path.join(house.build, 'core', 'cli', 'ferry'), 'plugins',
                   env=house.environment())
    tap.check(not re.search('^%s ' % gone, done.stdout, re.M), done.stdout)
    ferry = os.path.join(house.build, 'core', 'cli', 'ferry')
    sample = run(ferry, 'config', 'sample', env=house.environment())
    tap.check('[extension %s]' % gone not in sample, 'its settings are gone')
    path = house.config('gone')
    with open(path, 'a') as out:
        out.write('[extension %s]\n' % gone)
    done = attempt(ferry, 'config', 'check', path, env=house.environment())
    tap.same(done.returncode, 1)
    tap.check('[extension %s]: no module is called %s' % (gone, gone) in done.stderr, done.stderr)
    suites = [word for suite in ('unit', 'transcript') for word in ('--suite', suite)]
    run(meson(), 'test', '-C', house.build, '--no-rebuild', '--timeout-multiplier', '3', *suites)


def test_all_extensions_deleted(house):
    left = [name for name in OWN if os.path.isdir(os.path.join(house.source, FOLDERS[name]))]
    delete_extensions(house, left)
    done = attempt(os.path.join(house.build, 'core', 'cli', 'ferry'), 'plugins', '--check',
                   env=house.environment())
    tap.same((done.returncode, done.stdout), (0, ''))


if __name__ == '__main__':
    if procs.SANITIZED:
        tap.skip_all('the plain run builds and installs; sanitizers would find nothing more')
    tap.run([test_files, test_exports, test_headers_stand_alone, test_programs_of_the_prefix,
             test_programs_of_the_build_tree, test_typelib_of_the_prefix,
             test_extension_from_outside, test_tutorial, test_new_refuses, test_new_leaves_nothing_half,
             test_one_compiler_line, test_broken_modules_are_named,
             test_crashing_module_is_named, test_modules_that_clash, test_one_extension_deleted,
             test_all_extensions_deleted], fixture=House, timeout=800)
