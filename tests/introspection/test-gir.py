#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library from Python: what an extension in another language stands on.

Loads Ferry-1.0.typelib from the build tree, registers contributions, reads values and errors.
"""

import gc
import os
import re
import sys
import weakref
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration', 'lib'))
import tap  # noqa: E402

try:
    import gi
    gi.require_version('Ferry', '1.0')
    from gi.repository import Ferry, GLib, GObject
except (ImportError, ValueError) as problem:
    tap.skip_all(problem)

GIR = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'

# What an extension holds in its hands: all of it must be there for other languages …
IN_HAND = ('Registry', 'ImapFetch', 'ImapMessage', 'ImapSearch', 'ImapSession', 'ImapStatus',
           'ImapUpdate', 'ImapValue', 'ImapWriter', 'JmapValue', 'JmapBuilder', 'JmapRequest',
           'JmapReply', 'AccountSession', 'Mailbox', 'MailboxList', 'MailboxInfo', 'Outcome',
           'View', 'UidSet', 'Settings')
# … but what its binding does by itself, and forms that only C can use.
ONLY_C = re.compile('_(ref|unref|copy|free|writef)$|^ferry_registry_(lookup_n|add_sasl_mechanism|add_settings)$|'
                    '^ferry_settings_(add_table|make_error)$|^ferry_uid_set_get_ranges$|'
                    '^ferry_view_(get_rows|seek)$')


def gir_path():
    return os.path.join(os.environ['FERRY_BUILDDIR'], 'core', 'Ferry-1.0.gir')


def error_of(call, *arguments):
    """The GLib.Error that a call must end with."""
    try:
        answer = call(*arguments)
    except GLib.Error as problem:
        return problem
    raise tap.Failure('%s%r gave %r' % (call, arguments, answer))


def is_ferry_error(problem, code):
    tap.same(problem.domain, 'ferry-error-quark')
    tap.check(problem.matches(Ferry.error_quark(), code),
              '%s %d is not ferry-error %d' % (problem.domain, problem.code, code))


def test_nothing_is_left_out_by_accident():
    left_out = []
    root = ElementTree.parse(gir_path()).getroot()
    for holder in list(root.iter(GIR + 'class')) + list(root.iter(GIR + 'record')):
        if holder.get('name') in IN_HAND:
            left_out += [call.get(C + 'identifier') for call in holder
                         if call.get('introspectable') == '0']
    tap.same([name for name in left_out if not ONLY_C.search(name)], [], 'not introspectable')


def test_every_type_has_its_gtype():
    for name in ('Registry', 'Settings', 'UidSet', 'ImapSet', 'JmapValue', 'JmapBuilder',
                 'JmapRequest', 'JmapReply', 'ImapCommand', 'ImapFetch', 'ImapMessage',
                 'ImapSession', 'ImapValue', 'ImapWriter', 'Mailbox', 'MailboxStatus', 'Outcome',
                 'View', 'Connection', 'StreamFilter', 'Credential', 'AccountSession'):
        tap.same(GObject.type_name(getattr(Ferry, name)), 'Ferry' + name)


def test_enums_lose_their_prefix():
    """A member that does not begin like the others would give all of them longer names."""
    long_names = []
    root = ElementTree.parse(gir_path()).getroot()
    for enum in list(root.iter(GIR + 'enumeration')) + list(root.iter(GIR + 'bitfield')):
        members = [member.get('name') for member in enum.findall(GIR + 'member')]
        words = {member.split('_')[0] for member in members}
        if len(members) > 2 and len(words) == 1:
            long_names.append((enum.get('name'), members[0]))
    tap.same(long_names, [])


def test_register():
    registry = Ferry.Registry.new()
    registry.set_module('from-python')
    registry.add_command('XPYTHON', 'astring [list]', Ferry.Phase.AFTER_LOGIN, Ferry.Ordering.ANY,
                         lambda command, data: None, None)
    registry.add_fetch_item('XLENGTH', '[list]', Ferry.Needs.METADATA,
                            lambda fetch, arguments, data: True,
                            lambda fetch, message, arguments, writer, data: None, None)
    registry.add_capability('XPYTHON', Ferry.Phase.ANY, lambda session, data: 'XPYTHON=1', None)
    registry.add_capability('XPLAIN', Ferry.Phase.ANY, None, None)

    kind = Ferry.ContributionKind
    command = registry.lookup(kind.COMMAND, 'xPython')
    tap.same((command.name, command.module, command.grammar, command.ordering),
             ('XPYTHON', 'from-python', 'astring [list]', Ferry.Ordering.ANY))
    tap.same(command.flags, int(Ferry.Phase.AFTER_LOGIN), 'phases')
    item = registry.lookup(kind.FETCH_ITEM, 'XLENGTH')
    tap.same((item.kind, item.flags), (kind.FETCH_ITEM, int(Ferry.Needs.METADATA)))
    tap.same([entry.name for entry in registry.list(kind.CAPABILITY)], ['XPYTHON', 'XPLAIN'])
    tap.same(registry.lookup(kind.COMMAND, 'NOOP'), None, 'what nobody registered')
    tap.same(Ferry.contribution_kind_to_string(kind.FETCH_ITEM), 'fetch item')


def test_names_are_taken_once():
    registry = Ferry.Registry.new()
    add = (lambda: registry.add_command('XONCE', None, Ferry.Phase.ANY, Ferry.Ordering.ANY,
                                        lambda command, data: None, None))
    add()
    problem = error_of(add)
    is_ferry_error(problem, Ferry.Error.EXISTS)
    tap.check('XONCE' in problem.message, problem.message)
    registry.seal()
    tap.check(registry.is_sealed(), 'sealed')
    tap.check('sealed' in error_of(registry.add_capability, 'XLATE', Ferry.Phase.ANY, None,
                                   None).message, 'a sealed registry takes nothing')


def test_callbacks_live_as_long_as_the_registry():
    class Handler:
        def __call__(self, command, data):
            pass

    handler = Handler()
    alive = weakref.ref(handler)
    registry = Ferry.Registry.new()
    registry.add_command('XKEEP', None, Ferry.Phase.ANY, Ferry.Ordering.ANY, handler, None)
    del handler
    gc.collect()
    tap.check(alive() is not None, 'the registry keeps the handler')
    del registry
    gc.collect()
    tap.check(alive() is None, 'the handler goes with the registry')


def test_jmap_value():
    value = Ferry.JmapValue.new_from_json(
        '{"list": [{"id": "a", "size": 9007199254740993, "seen": true, "rate": 1.5}],'
        ' "notFound": ["b", "c"], "a/b": null}', -1)
    tap.same(value.get_value_type(), Ferry.JmapType.OBJECT)
    tap.same(value.get_string('list/0/id'), 'a')
    tap.same(value.get_int64('list/0/size', 0), 9007199254740993)
    tap.same(value.get_boolean('list/0/seen', False), True)
    tap.same(value.get_double('list/0/rate', 0), 1.5)
    tap.same(value.get_string('list/1/id'), None, 'what is not there')
    tap.same(value.dup_strings('notFound'), ['b', 'c'])
    tap.same(value.dup_member_names(None), ['list', 'notFound', 'a/b'])
    tap.check(value.is_null('a~1b') and value.has('a~1b'), 'an escaped path')
    tap.same(value.get('list').get_item(0).get_member('id').get_string(None), 'a')
    item = value.get('list/0')
    del value
    gc.collect()
    tap.same(item.get_string('id'), 'a', 'a part keeps its document')
    error_of(Ferry.JmapValue.new_from_json, '[' * 100000, -1)
    error_of(Ferry.JmapValue.new_from_json, '{"a": ', -1)


def test_jmap_builder():
    builder = Ferry.JmapBuilder.new()
    builder.begin_object()
    builder.set_string('accountId', 'u1')
    builder.set_strings('ids', ['a', 'b'])
    builder.set_patch('mailboxIds', 'm/1', False)
    builder.end_object()
    value = Ferry.JmapValue.new_from_json(builder.to_json(), -1)
    tap.same(value.dup_strings('ids'), ['a', 'b'])
    tap.same(value.get_string('accountId'), 'u1')
    tap.same(value.get_size(None), 3)


def test_uid_set():
    numbers = Ferry.UidSet.new_from_array([1, 2, 3, 7, 9, 10])
    numbers.add(8)
    tap.same(numbers.to_string(), '1:3,7:10')
    tap.same((numbers.get_size(), numbers.get_n_ranges()), (7, 2))
    tap.check(numbers.contains(8) and not numbers.contains(4), 'contains')
    tap.same(Ferry.uid_array_to_string([4, 5, 6]), '4:6')
    text = '2:4,*'
    tap.same(Ferry.ImapSet.parse(text, len(text)).resolve(9).to_string(), '2:4,9')
    is_ferry_error(error_of(Ferry.ImapSet.parse, '0', 1), Ferry.Error.INVALID)


def test_settings_of_modules():
    """A module declares its keys in the file's group for it, and finds the values at once."""
    settings = Ferry.Settings.new()
    settings.defer('extension')
    settings.load_data('f', '[extension weather]\ndays=5\nwind=1\n')
    registry = Ferry.Registry.new()
    registry.set_settings(settings)
    registry.set_module('weather')
    registry.add_setting('days', Ferry.SettingType.INTEGER, '3', '1:14', False, 'How many days.')
    registry.add_setting('city', Ferry.SettingType.STRING, 'Kiel', None, False, 'Whose weather.')
    found = registry.get_settings()
    tap.same((found.get_integer('extension weather', 'days'),
              found.get_string('extension weather', 'city')), (5, 'Kiel'))
    is_ferry_error(error_of(registry.add_setting, 'days', Ferry.SettingType.STRING, None, None,
                            False, 'Again.'), Ferry.Error.EXISTS)
    is_ferry_error(error_of(registry.add_setting, 'hours', Ferry.SettingType.INTEGER, 'many', None,
                            False, 'How many hours.'), Ferry.Error.INVALID)
    problem = error_of(found.check_group, 'extension weather')
    tap.check('f: [extension weather] wind is not a known key' in problem.message, problem.message)


def test_settings():
    def declared():
        settings = Ferry.Settings.new()
        settings.add_row('weather *', 'city', Ferry.SettingType.STRING, 'Kiel', None, False,
                         'Whose weather is shown.')
        settings.add_row('weather *', 'days', Ferry.SettingType.INTEGER, '3', '1:14', False,
                         'How many days.')
        settings.add_row('weather *', 'units', Ferry.SettingType.LIST, None, None, False, 'Units.')
        return settings

    settings = declared()
    settings.load_data('weather.conf', '[weather home]\ndays=5\nunits=C;mm\n')
    tap.same((settings.get_string('weather home', 'city'),
              settings.get_integer('weather home', 'days'),
              settings.get_list('weather home', 'units')), ('Kiel', 5, ['C', 'mm']))
    tap.same(settings.list_groups('weather'), ['home'])
    tap.check('days' in settings.make_sample(), 'the sample names every key')
    problem = error_of(declared().load_data, 'weather.conf', '[weather home]\ndays=15\n')
    is_ferry_error(problem, Ferry.Error.CONFIGURATION)
    for word in ('weather.conf', 'weather home', 'days'):
        tap.check(word in problem.message, '%s names %s' % (problem.message, word))
    is_ferry_error(error_of(declared().load_data, 'weather.conf', '[weather home]\nwind=1\n'),
                   Ferry.Error.CONFIGURATION)


def test_modules():
    modules = Ferry.Modules.new()
    modules.add_dir(os.path.join(os.environ['FERRY_BUILDDIR'], 'extensions'))
    for module in modules.list():
        tap.check(module.abi == Ferry.PLUGIN_ABI and module.provides, module.name)
    is_ferry_error(error_of(modules.load_one, Ferry.Registry.new(), 'no-such'),
                   Ferry.Error.NOT_FOUND)


def test_structs():
    status = Ferry.MailboxStatus()
    status.messages = 3
    tap.same(status.messages, 3)
    tap.same(Ferry.Limits().literal, 0)


if __name__ == '__main__':
    tap.run([test_nothing_is_left_out_by_accident, test_every_type_has_its_gtype,
             test_enums_lose_their_prefix, test_register, test_names_are_taken_once,
             test_callbacks_live_as_long_as_the_registry, test_jmap_value, test_jmap_builder,
             test_uid_set, test_settings, test_settings_of_modules, test_modules, test_structs], timeout=50)
