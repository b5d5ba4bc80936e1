# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails in every function that an extension can register; what works beside it must go on."""

import sys
import threading

from gi.repository import Ferry, GLib

PHASE, ORDER, NEEDS = Ferry.Phase, Ferry.Ordering, Ferry.Needs


class Full(Exception):
    pass


def fail(*args):
    raise Full('the moon is full')


def leave(*args):
    sys.exit(0)


def refuse(*args):
    raise GLib.Error.new_literal(Ferry.error_quark(), 'Not today', int(Ferry.Error.IN_USE))


def half_line(command, data):
    writer = command.get_writer()
    writer.begin_untagged('XHALF')
    writer.begin_list()
    writer.write_literal(b'x' * 40000)
    fail()


def two_lines(command, data):
    writer = command.get_writer()
    for word in ('whole', 'half'):
        writer.begin_untagged('XTWO')
        writer.write_atom(word)
        if word == 'half':
            fail()
        writer.end_line()


def ended(command, data):
    command.finish()
    fail()


def later(command, data):
    """Ends behind a timer, whose callback fails."""
    GLib.timeout_add(1, command.guard(fail))


def fail_later(command, element, assembly, data):
    GLib.timeout_add(1, assembly.guard(fail))


def thread_name(command, data):
    """A handler runs on the thread that the worker runs on, and other threads go on meanwhile."""
    writer = command.get_writer()
    event = threading.Event()

    def answer():
        if not event.is_set():
            return True
        writer.begin_untagged('XTHREAD')
        writer.write_atom('main' if threading.current_thread() is threading.main_thread() else 'other')
        writer.end_line()
        command.finish()
        return False

    threading.Thread(target=event.set, daemon=True).start()
    GLib.timeout_add(1, answer)


def half_item(fetch, message, arguments, writer, data):
    writer.write_atom('XHALF')
    writer.begin_list()
    writer.write_atom('A')
    if message.get_number() > 1:
        writer.write_literal(b'x' * 90000)
        fail()
    writer.end_list()


def half_status(status, writer, data):
    writer.write_atom('XHALF')
    fail()


def half_list(command, name, arguments, writer, data):
    writer.begin_untagged('XLIST')
    fail()


def half_result(search, arguments, writer, data):
    writer.write_atom('XHALF')
    fail()


def done_and_fail(command, element, assembly, data):
    assembly.done(GLib.Error.new_literal(GLib.quark_from_string('ferry-error-quark'), 'no message',
                                         int(Ferry.Error.CANNOT)))
    fail()


def register_quiet(registry):
    """What fails without a command to answer for it."""
    registry.add_capability('XFAULTY', PHASE.ANY, fail)
    registry.add_capability('XNUMBER', PHASE.ANY, lambda session, data: 7)
    registry.add_response_code('NOOP', fail)
    registry.add_update_writer('XFAULTY', fail)
    registry.add_session_data('XFAULTY', fail)
    registry.add_account_listener('XFAULTY', fail)
    registry.add_progress_listener('XFAULTY', fail)
    registry.add_announcement_policy('XFAULTY', fail)
    registry.add_told_item('XFAULTY', fail)
    registry.add_enable('XFAULTY', fail)
    registry.add_event_name('XFAULTY', fail)
    registry.add_event_policy('XFAULTY', fail)


def register_loud(registry):
    kinds = (('RAISE', fail), ('EXIT', leave), ('REFUSE', refuse), ('HALF', half_line),
             ('TWO', two_lines), ('ENDED', ended), ('LATER', later), ('THREAD', thread_name))
    for name, handler in kinds:
        registry.add_command('X' + name, None, PHASE.ANY, ORDER.ANY, handler)
    for name, handler in (('RAISE', fail), ('REFUSE', refuse), ('SAYNO', lambda *args: False)):
        registry.add_fetch_modifier('X' + name, None, handler)
        registry.add_search_key('XPREPARE' + name, None, NEEDS.NOTHING, handler, fail)
        registry.add_fetch_item('XPREPARE' + name, None, NEEDS.NOTHING, handler, fail)
        registry.add_select_parameter('X' + name, None, handler)
    registry.add_argument_rule('CHECK', fail)
    registry.add_append_data('XRAISE', 'atom', fail)
    registry.add_append_data('XENDED', 'atom', done_and_fail)
    registry.add_append_data('XWAIT', 'atom', fail_later)
    registry.add_fetch_item('XHALF', None, NEEDS.NOTHING, None, half_item)
    registry.add_sort_key('XRAISE', None, fail)
    registry.add_search_key('XRAISE', None, NEEDS.NOTHING, None, fail)
    registry.add_search_return('XHALF', None, None, half_result)
    registry.add_status_item('XHALF', NEEDS.NOTHING, half_status)
    registry.add_list_return('XHALF', None, half_list)
    registry.add_list_selection('XRAISE', fail)


def register(registry):
    register_quiet(registry)
    register_loud(registry)
