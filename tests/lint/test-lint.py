#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be seen of the source tree without building it: licences, layers, names, words.

Each case collects what it finds wrong; a clean tree gives empty lists.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys

SOURCE = os.environ.get('FERRY_SRCDIR') or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'integration', 'lib'))
import tap  # noqa: E402

TOP_FOLDERS = {'core', 'plugins', 'extensions', 'data', 'po', 'tests', 'doc', 'flatpak'}
# Files of other formats, which .reuse/dep5 speaks for.
NO_SPDX = re.compile(r'^LICENSES/|^NEWS$|^\.reuse/|/\.gitkeep$|(^|/)[^/]*\.(corpus|dict)/?')
README_HEADINGS = ['Introduction', 'Mapping', 'Settings', 'Needs from outside', 'Owner']
# In pieces, or this file would find itself.
WORKPLACE = re.compile('|'.join((r'(?<![\w.])/wo' r'rk/', r'/ro' r'ot/', r'/ho' r'me/\w')))
UNFINISHED = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')
TRANSLATED = re.compile(r'(?<!\w)(?:_|N_|C_|ngettext)\s*\("')
MACRO_IN_TEXT = re.compile(r'(?<!\w)N?_\((\s*"[^"\n]*")+\s*G_G\w+_FORMAT')
INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"]', re.M)


def list_files():
    """The repository's files; without a repository everything that is no build tree."""
    if os.path.exists(os.path.join(SOURCE, '.git')) and shutil.which('git'):
        done = subprocess.run(['git', '-c', 'safe.directory=*', '-C', SOURCE, 'ls-files', '-z',
                               '-co', '--exclude-standard'], capture_output=True, text=True)
        if done.returncode == 0:
            return sorted(name for name in done.stdout.split('\0')
                          if name and os.path.isfile(os.path.join(SOURCE, name)))
    found = []
    for folder, folders, names in os.walk(SOURCE):
        top = folder == SOURCE
        folders[:] = [name for name in folders if name != '__pycache__'
                      and not (top and (name == '.git' or name.startswith('build')))]
        found += [os.path.relpath(os.path.join(folder, name), SOURCE) for name in names]
    return sorted(found)


FILES = list_files()


def read(name):
    with open(os.path.join(SOURCE, name), encoding='utf-8', errors='replace') as file:
        return file.read()


def c_files(*tops):
    return [name for name in FILES if name.endswith(('.c', '.h')) and name.split('/')[0] in tops]


def includes(name):
    return [(kind, path) for kind, path in INCLUDE.findall(read(name))]


def nothing(found, what):
    for line in found[:20]:
        tap.note(line)
    tap.same(len(found), 0, what)


def test_licence_lines():
    nothing([name for name in FILES if not NO_SPDX.search(name)
             and 'SPDX-License-Identifier: ' not in read(name)[:600]], 'files without SPDX line')


def test_reuse():
    program = shutil.which('reuse')
    if not program:
        raise tap.Skip('reuse is not installed')
    done = subprocess.run([program, '--root', SOURCE, 'lint'], capture_output=True, text=True)
    if done.returncode != 0:
        tap.note(done.stdout[-2000:] + done.stderr[-1000:])
    tap.same(done.returncode, 0, 'reuse lint')


def test_formatting():
    program = shutil.which('clang-format-14')
    if not program:
        raise tap.Skip('clang-format-14 is not installed')
    done = subprocess.run([program, '--dry-run', '--Werror', '-ferror-limit=10']
                          + [name for name in FILES if name.endswith(('.c', '.h'))],
                          cwd=SOURCE, capture_output=True, text=True)
    if done.returncode != 0:
        tap.note(done.stderr[-2000:])
    tap.same(done.returncode, 0, 'clang-format-14 of the whole tree')


def test_top_folders():
    found = {name.split('/')[0] for name in FILES if '/' in name and not name.startswith('.')}
    tap.same(found - {'LICENSES'} - TOP_FOLDERS, set(), 'unknown folders')


def test_translations():
    listed = {line for line in read('po/POTFILES').splitlines() if line and line[0] != '#'}
    used = {name for name in c_files('core', 'extensions', 'plugins') if '/tests/' not in name
            and TRANSLATED.search(read(name))}
    tap.same((sorted(used - listed), sorted(listed - used)), ([], []), 'po/POTFILES')
    nothing([name for name in sorted(used) if '<glib/gi18n' not in read(name)],
            'files with _() that do not include gi18n-lib.h')
    nothing([name for name in sorted(used) if MACRO_IN_TEXT.search(read(name))],
            'macros inside texts, which xgettext cannot see')


def test_libraries():
    """Each foreign library stays in its room."""
    rooms = [('json-glib/', r'^core/jmap/(reply|request)\.c$'), ('libsoup/', r'^core/jmap/'),
             ('sqlite3.h', r'^core/store/'), ('gnutls/', r'^core/(net|auth|base|jmap)/')]
    nothing(['%s includes %s' % (name, path) for name in c_files('core', 'extensions', 'plugins')
             if '/tests/' not in name for _, path in includes(name)
             for library, room in rooms if path.startswith(library) and not re.match(room, name)],
            'libraries outside their rooms')


def test_layers():
    """A layer uses those above it; private headers stay in their folder."""
    order = re.search(r'foreach layer : \[(.*?)\]', read('core/meson.build'), re.S).group(1)
    layers = re.findall(r"'([\w-]+)'", order) + ['daemon', 'cli']
    wrong = []
    for name in c_files('core'):
        if '/tests/' in name or name.count('/') < 2:
            continue
        layer = name.split('/')[1]
        for kind, path in includes(name):
            if kind == '<':
                continue
            other = path.split('/')[0]
            if other not in layers:
                wrong.append('%s includes "%s", which is not relative to core/' % (name, path))
            elif layers.index(other) > layers.index(layer):
                wrong.append('%s includes "%s" of a later layer' % (name, path))
            elif path.endswith('-private.h') and other != layer:
                wrong.append('%s includes "%s" of another folder' % (name, path))
    nothing(wrong, 'includes against the layers')


def test_public_headers_include_no_private_ones():
    nothing(['%s includes %s' % (name, path) for name in c_files('core')
             if name.endswith('.h') and not name.endswith('-private.h') and '/tests/' not in name
             for _, path in includes(name) if path.endswith('-private.h')],
            'private headers in public ones')


def test_modules_use_the_public_interface():
    """<ferry.h>, a library's own headers, or a file of the same folder. Their tests may build what
    modules are only given."""
    layers = [name for name in os.listdir(os.path.join(SOURCE, 'core'))
              if os.path.isdir(os.path.join(SOURCE, 'core', name))]
    wrong = []
    for name in c_files('extensions', 'plugins'):
        for kind, path in includes(name):
            own = os.path.join(os.path.dirname(name), path)
            up = os.path.join(os.path.dirname(os.path.dirname(name)), path)
            inner = '/tests/' in name and 'core/' + path in FILES
            if kind == '"' and not {own, up} & set(FILES) and not inner and path != 'fuzz.h':
                wrong.append('%s includes "%s"' % (name, path))
            elif kind == '<' and path.split('/')[0] in layers:
                wrong.append('%s includes <%s>' % (name, path))
            elif '..' in path.split('/'):
                wrong.append('%s includes %s' % (name, path))
    nothing(wrong, 'includes of modules')


def key_files():
    """(folder, key file) of each module."""
    for name in FILES:
        if re.match(r'(extensions|plugins)/[^/]+/[^/]+\.plugin$', name):
            keys = configparser.ConfigParser(interpolation=None)
            keys.optionxform = str
            keys.read_string(read(name))
            yield os.path.dirname(name), keys['Plugin']


def test_modules_have_a_face():
    """A key file that names the folder, and a README with the five headings."""
    wrong = []
    folders = {os.path.dirname(name) for name in FILES
               if re.match(r'(extensions|plugins)/[^/]+/meson\.build$', name)}
    for folder, keys in key_files():
        folders.discard(folder)
        if keys['Name'] != os.path.basename(folder):
            wrong.append('%s calls itself %s' % (folder, keys['Name']))
        readme = folder + '/README.md'
        headings = re.findall(r'^## (.*)$', read(readme), re.M) if readme in FILES else []
        if headings != README_HEADINGS:
            wrong.append('%s has the headings %s' % (readme, headings))
    nothing(wrong + ['%s has no key file' % folder for folder in folders], 'module folders')


def test_core_knows_no_extension():
    """What an extension provides is a word of its own folder; CONDSTORE's and QRESYNC's even in
    comments."""
    words = {word for _, keys in key_files()
             for word in keys.get('Provides', '').split(';') if word}
    quoted = re.compile(r'"(%s)\b' % '|'.join(map(re.escape, sorted(words)))) if words else None
    wrong = []
    for name in c_files('core'):
        text = read(name)
        if re.search(r'VANISHED|HIGHESTMODSEQ', text):
            wrong.append(name + ' knows VANISHED or HIGHESTMODSEQ')
        found = quoted and '/tests/' not in name and quoted.search(text)
        if found:
            wrong.append('%s knows %s' % (name, found.group(1)))
    nothing(wrong, 'core knows extensions')


def test_conformance_names_tests():
    """What doc/conformance.md calls the test of a section is one."""
    known = {os.path.basename(name)[:-len('.transcript')] for name in FILES
             if name.endswith('.transcript')}
    known |= {os.path.basename(name)[len('test-'):-len('.py')] for name in FILES
              if name.startswith('tests/integration/test-')}
    known |= {os.path.basename(name)[len('test-'):-len('.py')] for name in FILES
              if re.match(r'(extensions|plugins)/[^/]+/tests/test-[^/]*\.py$', name)}
    known |= {'-'.join(found.groups()) for name in FILES
              if (found := re.fullmatch(r'(?:plugins|extensions)/([a-z-]+)/tests/test-(.*)\.py', name))}
    known |= {'unit:' + word for name in FILES if name.endswith('meson.build')
              for word in re.findall(r"'([a-z-]+)': \[?files\(", read(name))}
    known |= {'unit:' + os.path.basename(name)[len('test-'):-len('.c')] for name in FILES
              if re.match(r'(extensions|plugins)/[^/]+/tests/test-[^/]*\.c$', name)}
    # sections of modules say whose they are, and mean nothing where the folder was deleted
    sections = read('doc/conformance.md').split('## What does not conform')[0].split('\n## ')
    tables = '\n## '.join(text for text in sections if all(
        os.path.isdir(os.path.join(SOURCE, folder))
        for folder in re.findall(r'`((?:extensions|plugins)/[a-z0-9-]+)', text)))
    wrong = []
    for row in re.findall(r'^\|.*\| ([^|]*) \|$', tables, re.M):
        names = set(re.findall(r'(?:unit:)?[a-z][a-z0-9-]*\*?', row)) if row != 'test' else set()
        names -= {'and', 'the', 'other', 'like', 'of', 'fuzz', 'imap-parser'}
        wrong += ['%s: %s' % (name, row) for name in sorted(names) if name not in known and not (
            name.endswith('*') and any(k.startswith(name[:-1]) for k in known))]
    tap.check(len(known) > 200, 'only %d tests found' % len(known))
    nothing(wrong, 'tests that conformance.md names and nobody has')


def test_nothing_of_the_workplace():
    nothing(['%s: %s' % (name, line.strip()[:120]) for name in FILES
             if not name.startswith('LICENSES/') and '.corpus/' not in name
             for line in read(name).splitlines() if WORKPLACE.search(line)],
            'paths of somebody\'s machine')


def test_nothing_unfinished():
    nothing(['%s: %s' % (name, found.group(0)) for name in c_files('core', 'extensions', 'plugins')
             for found in UNFINISHED.finditer(read(name))], 'unfinished places')
    nothing([name for name in c_files('core', 'extensions', 'plugins')
             if re.search(r'^\s*goto \w+;', read(name), re.M)], 'goto')


if __name__ == '__main__':
    tap.run([test_licence_lines, test_reuse, test_formatting, test_top_folders, test_translations,
             test_libraries, test_layers, test_public_headers_include_no_private_ones,
             test_modules_use_the_public_interface, test_modules_have_a_face,
             test_core_knows_no_extension, test_conformance_names_tests, test_nothing_of_the_workplace, test_nothing_unfinished],
             timeout=100)
