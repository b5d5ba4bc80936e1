# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands between Ferry and an extension in Python.

Imports extensions, and puts a guard around every function they register: what it raises goes to the
log with the extension's name, becomes the command's tagged answer, and takes back what was half
written. Nothing that an extension raises reaches C.
"""

import functools
import importlib.util
import os
import re
import sys
import traceback

import gi

gi.require_version('Ferry', '1.0')
from gi.repository import Ferry, GLib  # noqa: E402

ERROR = 'ferry-error-quark'
PACKAGE = 'ferry_extension_'

loading = None  # the name of the extension whose register() runs


def log(level, text):
    GLib.log_variant('ferry-python', level, GLib.Variant('a{sv}', {
        'MESSAGE': GLib.Variant('s', text)}))


class LogStream:
    """sys.stdout and sys.stderr of extensions: whole lines, in the log."""

    def __init__(self, level):
        self.level, self.begun = level, ''

    def write(self, text):
        *lines, self.begun = (self.begun + text).split('\n')
        for line in lines:
            if line.strip():
                log(self.level, line.rstrip())
        return len(text)

    def flush(self):
        pass


def describe(problem, near):
    """An exception in one line, with the line of the extension (in folder `near`) that raised it."""
    if isinstance(problem, GLib.Error):
        return problem.message
    if isinstance(problem, SyntaxError) and problem.filename:
        return '%s, line %s: %s' % (os.path.basename(problem.filename), problem.lineno, problem.msg)
    words = ': '.join(filter(None, (type(problem).__name__, str(problem))))
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__)
              if frame.filename.startswith(near)]
    if not frames:
        return words
    return '%s, line %s: %s' % (os.path.basename(frames[-1].filename), frames[-1].lineno, words)


def refusal(text, code=Ferry.Error.FAILED):
    return GLib.Error.new_literal(GLib.quark_from_string(ERROR), text, int(code))


class Guard:
    """Around one function of one extension. Calling it never raises but a GLib.Error, and that only
    where C takes one."""

    def __init__(self, what, function):
        if not callable(function):
            raise TypeError('%s: %r is not callable' % (what, function))
        module = sys.modules.get(getattr(function, '__module__', None))
        self.owner = loading or getattr(module, '__name__', '').removeprefix(PACKAGE)
        self.near = near if loading else os.path.dirname(getattr(module, '__file__', None) or near)
        self.what, self.function = what, function
        self.failed = False

    def describe(self, problem):
        """The exception as an error for the command; logged the first time."""
        text = 'extension %s, %s: %s' % (self.owner, self.what, describe(problem, self.near))
        if not self.failed:
            log(GLib.LogLevelFlags.LEVEL_WARNING, text)
            for line in ''.join(traceback.format_exception(problem)).splitlines():
                log(GLib.LogLevelFlags.LEVEL_DEBUG, line)
        self.failed = True
        return refusal(text)


class Value(Guard):
    """A capability's or a response code's text, or a translated one: without it where it fails."""

    def __call__(self, *args):
        try:
            answer = self.function(*args)
            if answer is not None and not isinstance(answer, str):
                raise TypeError('%r is neither text nor None' % (answer,))
            return answer
        except BaseException as problem:
            self.describe(problem)
            return None


class Truth(Guard):
    """ENABLE's and an event name's function: not to be had where it fails."""

    def __call__(self, *args):
        try:
            return bool(self.function(*args))
        except BaseException as problem:
            self.describe(problem)
            return False


class Event(Guard):
    """Told of something, and nobody waits for an answer."""

    def __call__(self, *args):
        try:
            self.function(*args)
        except BaseException as problem:
            self.describe(problem)


class Policy(Guard):
    """An announcement policy: what was left by those before it stays where it fails."""

    def __call__(self, session, moment, news, data):
        try:
            return Ferry.News(self.function(session, moment, news, data))
        except BaseException as problem:
            self.describe(problem)
            return news


class EventPolicy(Guard):
    """An event policy: what was left by those before it stays where it fails."""

    def __call__(self, session, event, info, wanted, data):
        try:
            return bool(self.function(session, event, info, wanted, data))
        except BaseException as problem:
            self.describe(problem)
            return wanted


class Verdict(Guard):
    """A rule, modifier or prepare function: refuses with a GLib.Error."""

    def __call__(self, *args):
        try:
            answer = self.function(*args)
        except GLib.Error:
            raise
        except BaseException as problem:
            raise self.describe(problem) from None
        if answer is not None and not answer:
            raise refusal('%s refuses' % self.what, Ferry.Error.INVALID)
        return True


class Part(Guard):
    """What does a part of a command's work: where it fails, the command does."""

    writer = None  # which argument is the writer: what is written can be taken back
    default = None

    def command(self, first):
        return first.get_command()

    def __call__(self, *args):
        if self.failed and self.command(args[0]).get_error() is not None:
            return self.default
        writer = self.writer_of(args)
        if writer is not None:
            writer.hold()
        try:
            answer = self.function(*args)
            if self.default is not None:
                answer = type(self.default)(answer)
        except BaseException as problem:
            if writer is not None:
                writer.release(False)
            self.fail(args[0], problem)
            return self.default
        if writer is not None:
            writer.release(True)
        return answer

    def writer_of(self, args):
        return args[self.writer] if self.writer is not None else None

    def fail(self, first, problem):
        error = problem if isinstance(problem, GLib.Error) else self.describe(problem)
        self.command(first).set_error(error)


class FetchItem(Part):
    writer = 3


class SearchKey(Part):
    default = False


class SortKey(Part):
    default = 0


class SearchResult(Part):
    writer = 2


class StatusItem(Part):
    writer = 1


class ListOption(Part):
    writer, default = 3, False

    def command(self, first):
        return first


class Told(Part):
    """Tells of changes outside of commands."""

    writer = 2

    def __call__(self, *args):
        self.failed = False
        return super().__call__(*args)

    def fail(self, first, problem):
        self.describe(problem)


class Update(Told):
    default = False


class Listener(Told):
    """Hears of events, and may write."""

    def writer_of(self, args):
        return args[0].get_writer()


class AppendData(Guard):
    """Puts a message together, or is what that waits for: without one the command fails."""

    def __call__(self, command, element, assembly, data):
        try:
            self.function(command, element, assembly, data)
        except BaseException as problem:
            error = problem if isinstance(problem, GLib.Error) else self.describe(problem)
            self.failed = False
            assembly.done(error)


class Command(Part):
    """A command's handler, or what it waits for."""

    def __call__(self, *args):
        command = args[0]
        writer = command.get_writer()
        writer.hold()
        try:
            self.function(*args)
        except BaseException as problem:
            error = problem if isinstance(problem, GLib.Error) else self.describe(problem)
            self.failed = False
            writer.release(command.is_done())
            if not command.is_done():
                command.fail(error)
        else:
            writer.release(True)


# what the functions of each registering call are, in their order among the call's arguments; a call
# without any is called as it is
CALLS = {
    'add_capability': {2: Value},
    'add_command': {4: Command},
    'add_argument_rule': {1: Verdict},
    'add_fetch_item': {3: Verdict, 4: FetchItem},
    'add_fetch_modifier': {2: Verdict},
    'add_store_modifier': {2: Verdict},
    'add_search_key': {3: Verdict, 4: SearchKey},
    'add_sort_key': {1: Verdict, 2: SortKey},
    'add_search_return': {2: Verdict, 3: SearchResult},
    'add_search_result': {1: SearchResult},
    'add_status_item': {2: StatusItem},
    'add_list_selection': {1: ListOption},
    'add_list_return': {2: ListOption},
    'add_select_parameter': {2: Verdict},
    'add_append_data': {2: AppendData},
    'add_update_writer': {1: Update},
    'add_told_item': {1: Told},
    'add_account_listener': {1: Listener},
    'add_announcement_policy': {1: Policy},
    'add_response_code': {1: Value},
    'add_enable': {1: Truth},
    'add_event_name': {1: Truth},
    'add_event_policy': {1: EventPolicy},
    'add_session_data': {1: Event},
    'add_progress_listener': {1: Listener},
    'add_protocol': {1: Event},
    'add_text_translator': {1: Value},
    'add_setting': {},
}


def guarded_call(name, original, guards):
    kind = name[len('add_'):].replace('_', ' ')
    count = max(guards) + 1

    @functools.wraps(original)
    def call(self, *args):
        if len(args) not in (count, count + 1):
            raise TypeError('%s() takes %d arguments, and data for its functions if wanted'
                            % (name, count))
        args = list(args) if len(args) > count else [*args, None]
        for place, guard in guards.items():
            if args[place] is not None:
                args[place] = guard('%s %s' % (kind, args[0]), args[place])
        return original(self, *args)
    return call


def refused_call(name):
    def call(*_):
        raise NotImplementedError('%s() is not for extensions in Python' % name)
    return call


def guard_callback(command, function):
    """For the callbacks of a handler that waits: what `function` raises ends the command."""
    guard = Command('command ' + command.get_name(), function)
    guard.function = lambda _, *args: function(*args)
    return lambda *args: guard(command, *args)


def guard_assembly(assembly, function):
    """For the callbacks of append data that waits: what `function` raises ends the message."""
    guard = AppendData('append data', function)
    guard.function = lambda command, element, assembly, args: function(*args)
    return lambda *args: guard(None, None, assembly, args)


def install_guards():
    """What has no guard is refused: nothing that an extension raises may reach C."""
    for name in [name for name in dir(Ferry.Registry) if name.startswith('add_')]:
        original = getattr(Ferry.Registry, name)
        if CALLS.get(name) == {}:
            continue
        setattr(Ferry.Registry, name, guarded_call(name, original, CALLS[name])
                if name in CALLS else refused_call(name))
    Ferry.ImapCommand.guard = guard_callback
    Ferry.ImapAssembly.guard = guard_assembly


def execute(name, path):
    """Runs `path`.py, or the package of that name, as a module that nobody else can import."""
    package = os.path.join(path, '__init__.py')
    is_package = os.path.exists(package)
    full = PACKAGE + re.sub(r'\W', '_', name)
    for old in [key for key in sys.modules if key == full or key.startswith(full + '.')]:
        del sys.modules[old]
    spec = importlib.util.spec_from_file_location(
        full, package if is_package else path + '.py',
        submodule_search_locations=[path] if is_package else None)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def load(registry, name, path):
    """Loads one extension; None, or a line that says why it cannot be."""
    global loading, near
    loading, near = name, os.path.dirname(path)
    try:
        module = execute(name, path)
        register = getattr(module, 'register', None)
        if not callable(register):
            return 'has no function register(registry)'
        if register(registry) is False:
            return 'its register() says False'
        return None
    except BaseException as problem:
        for line in ''.join(traceback.format_exception(problem)).splitlines():
            log(GLib.LogLevelFlags.LEVEL_DEBUG, line)
        return describe(problem, near)
    finally:
        loading = None


near = ''
sys.stdout = LogStream(GLib.LogLevelFlags.LEVEL_INFO)
sys.stderr = LogStream(GLib.LogLevelFlags.LEVEL_WARNING)
install_guards()
