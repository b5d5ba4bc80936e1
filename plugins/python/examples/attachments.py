# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is attached to messages: the fetch item XATTACHMENTS.

    C: a FETCH 1:2 XATTACHMENTS
    S: * 1 FETCH (XATTACHMENTS (("offer.pdf" "application/pdf" 48213)))
    S: * 2 FETCH (XATTACHMENTS ())
    S: a OK Done

A list of messages can show what is attached without reading a message: the backend knows, and tells
it for hundreds of messages in one request (`attachments` of RFC 8621, section 4.1.4). Each has its
name or NIL, its type, and its size in octets once it is decoded.
"""

from gi.repository import Ferry


def prepare_item(fetch, arguments, data):
    fetch.add_property('attachments')


def write_item(fetch, message, arguments, writer, data):
    attachments = message.get_property('attachments')
    writer.write_atom('XATTACHMENTS')
    writer.begin_list()
    for i in range(attachments.get_size(None) if attachments else 0):
        part = attachments.get_item(i)
        writer.begin_list()
        writer.write_nstring(part.get_string('name'))
        writer.write_nstring(part.get_string('type'))
        writer.write_number(part.get_int64('size', 0))
        writer.end_list()
    writer.end_list()


def register(registry):
    registry.add_capability('XATTACHMENTS', Ferry.Phase.AFTER_LOGIN, None)
    registry.add_fetch_item('XATTACHMENTS', None, Ferry.Needs.NOTHING, prepare_item, write_item)
