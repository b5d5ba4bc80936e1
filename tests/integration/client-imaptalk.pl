#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Perl's Mail::IMAPTalk, which parses ENVELOPE and BODYSTRUCTURE into structures of its own.
# Run by client-imaptalk.py: host, port of the server and a mailbox to use.
use strict;
use warnings;
use Mail::IMAPTalk;
use Test::More;

my ($host, $port, $box) = @ARGV;
my $client = Mail::IMAPTalk->new(
	Server => $host, Port => $port, Username => 'alice', Password => 'secret',
	Uid => 1, UseBlocking => 1,
) or BAIL_OUT("cannot sign in: $@");

my $message = join("\r\n",
	'From: "Alice Example" <alice@example.org>', 'To: Bob <bob@example.net>, carol@example.net',
	'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=', 'Date: Mon, 5 Feb 2024 10:11:12 +0100',
	'Message-ID: <talk@example.org>', 'MIME-Version: 1.0',
	'Content-Type: multipart/mixed; boundary="b"', '', '--b', 'Content-Type: text/plain', '', 'text',
	'--b', 'Content-Type: image/png; name="x.png"', 'Content-Transfer-Encoding: base64',
	'Content-Disposition: attachment; filename="x.png"', '', 'QUJDRA==', '--b--', '');

ok($client->capability()->{imap4rev1}, 'IMAP4rev1');
ok($client->select($box), 'select');
is($client->get_response_code('exists'), 0, 'empty');
ok($client->append($box, '(\Flagged)', { Literal => $message }), 'append') or diag($@);
ok($client->noop(), 'noop');

my $uids = $client->search('all');
is(scalar(@$uids), 1, 'one UID');
my $uid = $uids->[0];

my $fetched = $client->fetch($uid, '(flags envelope bodystructure rfc822.size body.peek[])')->{$uid};
is($fetched->{'rfc822.size'}, length($message), 'size');
is($fetched->{'body'}, $message, 'octets');
like(join(' ', @{$fetched->{flags}}), qr/\\Flagged/, 'flags');
is($fetched->{envelope}{'Message-ID'}, '<talk@example.org>', 'message id');
like($fetched->{envelope}{From}, qr/alice\@example\.org/, 'from');
like($fetched->{envelope}{To}, qr/bob\@example\.net.*carol\@example\.net/, 'to');

my $structure = $fetched->{bodystructure};
is($structure->{'MIME-Type'}, 'multipart', 'multipart');
is(scalar(@{$structure->{'MIME-Subparts'}}), 2, 'two parts');
my $part = $structure->{'MIME-Subparts'}[1];
is(lc("$part->{'MIME-Type'}/$part->{'MIME-Subtype'}"), 'image/png', 'type of the second part');
is($part->{'IMAP-Partnum'}, '2', 'its number');
is($part->{'Size'}, 8, 'its size') if exists $part->{Size};
is($client->fetch($uid, 'body.peek[2]')->{$uid}{body}, 'QUJDRA==', 'its octets');

ok($client->store($uid, '+flags', '(\Seen talk)'), 'store');
is_deeply(scalar($client->search('keyword', 'talk')), [$uid], 'search for the keyword');
is_deeply(scalar($client->search('unseen')), [], 'search for unseen');
my $status = $client->status($box, '(messages uidnext unseen)');
is($status->{messages}, 1, 'status messages');
is($status->{unseen}, 0, 'status unseen');
cmp_ok($status->{uidnext}, '>', $uid, 'status uidnext');

ok($client->copy($uid, 'Archive'), 'copy') or diag($@);
ok($client->get_response_code('copyuid'), 'COPYUID');
ok((grep { $_->[2] eq $box } @{$client->list('', '*')}), 'list');
ok($client->store($uid, '+flags', '(\Deleted)'), 'store deleted');
ok($client->uidexpunge($uid) || $client->expunge(), 'expunge');
is_deeply(scalar($client->search('all')), [], 'nothing left');
ok($client->create("$box-talk"), 'create');
ok($client->rename("$box-talk", "$box-talked"), 'rename');
ok($client->delete("$box-talked"), 'delete');
ok(!$client->select("$box-talked"), 'select of what is gone');
ok($client->unselect() || 1, 'unselect');
ok($client->logout(), 'logout');
done_testing();
