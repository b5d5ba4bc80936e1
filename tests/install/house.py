# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of the source tree, built and installed under a temporary prefix; modules against it."""

import os
import shlex
import shutil
import subprocess
import sys

SOURCE = os.environ['FERRY_SRCDIR']
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'integration'))
from lib import procs, tap  # noqa: E402

CC = shlex.split(os.environ.get('CC', 'cc'))
# quick to compile: what the optimizer does is another test's business
OPTIONS = ['-Dbuildtype=plain', '-Doptimization=0', '-Ddebug=false', '-Dlibdir=lib']


def meson():
    path = '/usr/bin/meson' if os.access('/usr/bin/meson', os.X_OK) else shutil.which('meson')
    return path or tap.skip_all('no meson here')


def run(*command, **options):
    """A command that must succeed; what it printed."""
    done = attempt(*command, **options)
    if done.returncode != 0:
        tap.note('\n'.join((done.stdout + done.stderr).splitlines()[-40:]))
        raise tap.Failure('%s ended with %d' % (' '.join(command[:4]), done.returncode))
    return done.stdout


def attempt(*command, env=None, cwd=None, timeout=600):
    return subprocess.run(command, env=env, cwd=cwd, timeout=timeout, capture_output=True,
                          encoding='utf-8', errors='replace')


def not_source(folder, names):
    """What a working copy holds beside the sources: build trees and the repository."""
    return [name for name in names if name == '__pycache__' or folder == SOURCE
            and (name == '.git' or name.startswith('build'))]


class House:
    """`prefix` holds an installed Ferry that was built in `build` from the copy in `source`."""

    def __init__(self):
        self.dir = procs.temp_dir('install')
        self.source, self.build, self.prefix, self.outside = (
            os.path.join(self.dir, name) for name in ('source', 'build', 'prefix', 'outside'))
        self.plugins = os.path.join(self.prefix, 'lib', 'ferry-1')

    def __enter__(self):
        try:
            shutil.copytree(SOURCE, self.source, symlinks=True, ignore=not_source)
            run(meson(), 'setup', '--prefix', self.prefix, *OPTIONS, self.build, self.source)
            run('ninja', '-C', self.build)
            run(meson(), 'install', '-C', self.build, '--no-rebuild')
            os.mkdir(self.outside)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        procs.remove_dir(self.dir)

    def installed(self, *path):
        return os.path.join(self.prefix, *path)

    def environment(self):
        """Nothing in it helps a program to find what is in the prefix, but pkg-config."""
        keep = ('PATH', 'CC', 'TMPDIR', 'CCACHE_DIR', 'HOME')
        env = {name: os.environ[name] for name in keep if name in os.environ}
        env.update(LC_ALL='C.UTF-8', XDG_CONFIG_HOME=self.dir + '/none',
                   PKG_CONFIG_PATH=self.installed('lib', 'pkgconfig'))
        return env

    def pkg_config(self, *arguments):
        return run('pkg-config', *arguments, 'ferry-1', env=self.environment()).split()

    def config(self, name, **settings):
        """A configuration file with [ferry] settings and one backend."""
        path = os.path.join(self.dir, name + '.conf')
        settings.setdefault('state-dir', self.dir + '/state')
        settings.setdefault('cache-dir', self.dir + '/cache')
        with open(path, 'w') as out:
            out.write('[ferry]\n')
            out.writelines('%s=%s\n' % pair for pair in settings.items())
            out.write('[listener imap]\nport=0\n[backend main]\nurl=https://localhost\n')
        return path

    def module(self, folder, name, code='', register='return TRUE;', define=None, keys=''):
        """Compile one module with a plain compiler line; its folder."""
        folder = os.path.join(self.outside, folder)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        define = define or 'FERRY_PLUGIN_DEFINE(%s, register_it)' % name
        with open(path + '.c', 'w') as out:
            out.write('#include <ferry.h>\n%s\nstatic gboolean\n'
                      'register_it(FerryRegistry *registry, GError **error)\n{\n%s\n}\n%s\n'
                      % (code, register, define))
        with open(path + '.plugin', 'w') as out:
            out.write('[Plugin]\nName=%s\nModule=%s\n%s' % (name, name, keys or 'ABI=1\n'))
        run(*CC, '-w', '-shared', '-fPIC', '-o', path + '.so', path + '.c',
            *self.pkg_config('--cflags', '--libs'), env=self.environment())
        return folder

    def ferry(self, *arguments):
        return attempt(self.installed('bin', 'ferry'), *arguments, env=self.environment())

    def ferryd(self, *arguments):
        return attempt(self.installed('bin', 'ferryd'), *arguments, env=self.environment())
