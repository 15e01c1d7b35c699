#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed corpora of the wire and session targets: small valid and nearly valid inputs.

    fuzz/make-corpus.py      rewrites fuzz/corpus/{bgp_*,bmp,dns,dns_request,flowspec,mrt,policy,record,rtr*,session}/seed-*
"""
import glob
import hashlib
import os
import re
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def message(kind, body):
    return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body


def attribute(flags, code, value):
    if len(value) > 255:
        return struct.pack(">BBH", flags | 0x10, code, len(value)) + value
    return struct.pack(">BBB", flags, code, len(value)) + value


def update(withdrawn=b"", attributes=b"", nlri=b""):
    return (struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attributes))
            + attributes + nlri)


def capability(code, value=b""):
    return struct.pack(">BB", code, len(value)) + value


def open_body(capabilities, extended=False):
    head = struct.pack(">BHHI", 4, 64501, 90, 0x0a000002)
    if extended:
        return head + b"\xff\xff" + struct.pack(">HBH", len(capabilities) + 3, 2, len(capabilities)) \
            + capabilities
    return head + struct.pack(">BBB", len(capabilities) + 2, 2, len(capabilities)) + capabilities


ORIGIN = attribute(0x40, 1, b"\0")
PATH4 = attribute(0x40, 2, struct.pack(">BBII", 2, 2, 64501, 64502))
PATH2 = attribute(0x40, 2, struct.pack(">BBHH", 2, 2, 64501, 23456))
AS4PATH = attribute(0xc0, 17, struct.pack(">BBII", 2, 2, 64501, 4200000000))
HOP = attribute(0x40, 3, bytes([10, 0, 0, 2]))
V4 = bytes([24, 198, 51, 100, 32, 203, 0, 113, 7])
V6 = bytes([48, 0x20, 0x01, 0x0d, 0xb8, 0, 0x53])
HOP6 = bytes.fromhex("20010db8000000000000000000000001")
LOCAL6 = bytes.fromhex("fe800000000000000000000000000001")
MANY = b"".join([
    attribute(0x80, 4, struct.pack(">I", 7)), attribute(0x40, 5, struct.pack(">I", 100)),
    attribute(0x40, 6, b""), attribute(0xc0, 7, struct.pack(">II", 64501, 0x0a000002)),
    attribute(0xc0, 8, struct.pack(">II", 0xffff0000, 0xfbf50001)),
    attribute(0x80, 9, struct.pack(">I", 0x0a000003)),
    attribute(0x80, 10, struct.pack(">I", 0x0a000004)),
    attribute(0xc0, 16, bytes.fromhex("0002fbf500000007")),
    attribute(0xc0, 32, struct.pack(">III", 64501, 1, 2)),
    attribute(0xc0, 35, struct.pack(">I", 64501)), attribute(0xc0, 99, b"unknown")])
UNCARRIED = b"".join([
    attribute(0xc0, 22, bytes.fromhex("0006000010c0000201")), attribute(0xc0, 25, b"\0\2" + bytes(18)),
    attribute(0xc0, 23, bytes.fromhex("0008000a060400000000800001 00")),
    attribute(0x80, 26, bytes.fromhex("01000b0000000000000001")), attribute(0xc0, 27, bytes(7)),
    attribute(0x80, 29, bytes.fromhex("04000000")), attribute(0xc0, 36, bytes.fromhex("010000fde9000146")),
    attribute(0xc0, 37, b"\1\0\0"), attribute(0xc0, 38, bytes.fromhex("01000000010104c0000201")),
    attribute(0xc0, 40, bytes.fromhex("01000700000000000001")),
    attribute(0xc0, 128, bytes.fromhex("0000fde9 40010100"))])
UPDATES = [
    update(attributes=ORIGIN + PATH4 + HOP + UNCARRIED, nlri=V4),
    update(), update(V4), update(attributes=ORIGIN + PATH4 + HOP, nlri=V4),
    update(attributes=ORIGIN + PATH4 + HOP + MANY, nlri=V4),
    update(attributes=ORIGIN + PATH2 + HOP + AS4PATH, nlri=V4),
    update(attributes=attribute(0x80, 14, b"\0\2\1\x10" + HOP6 + b"\0" + V6) + ORIGIN + PATH4),
    update(attributes=attribute(0x80, 14, b"\0\2\1\x20" + HOP6 + LOCAL6 + b"\0" + V6) + ORIGIN + PATH4),
    update(attributes=attribute(0x80, 14, b"\0\1\1\x10" + HOP6 + b"\0" + V4) + ORIGIN + PATH4),
    update(attributes=attribute(0x80, 15, b"\0\2\1" + V6)), update(attributes=attribute(0x80, 15, b"\0\2\1")),
    update(attributes=ORIGIN + attribute(0x40, 2, struct.pack(">BBI", 1, 1, 64501)
                                         + struct.pack(">BBI", 3, 1, 65001)) + HOP, nlri=V4),
    update(attributes=ORIGIN + attribute(0x40, 2, struct.pack(">BBHBBHBBH", 2, 1, 64501, 3, 1, 65008,
                                                              2, 1, 23456)) + HOP
           + attribute(0xc0, 17, struct.pack(">BBI", 2, 1, 4200000000)), nlri=V4),
    update(attributes=ORIGIN + PATH2 + HOP + AS4PATH
           + attribute(0xc0, 7, struct.pack(">HI", 23456, 0x0a000002))
           + attribute(0xc0, 18, struct.pack(">II", 4200000000, 0x0a000002)), nlri=V4),
    update(attributes=ORIGIN + ORIGIN + PATH4 + HOP, nlri=V4),
    update(attributes=ORIGIN + PATH4 + HOP + b"\xc0\x08\xff", nlri=V4),
    update(attributes=ORIGIN + attribute(0x40, 2, struct.pack(">BB", 2, 200) + b"\0\0\xfb\xf5" * 200) + HOP,
           nlri=V4),
]
OPENS = [
    open_body(b""), open_body(capability(1, b"\0\1\0\1") + capability(1, b"\0\2\0\1")
                              + capability(2) + capability(65, struct.pack(">I", 4200000000))),
    open_body(capability(5, b"\0\1\0\1\0\2") + capability(6) + capability(9, b"\3")
              + capability(64, b"\xc0\x78\0\1\1\x80") + capability(69, b"\0\1\1\3")
              + capability(70) + capability(71, b"\0\1\1\x80\0\0\x3c")
              + capability(73, b"\4host\0")),
    open_body(capability(1, b"\0\1\0\1") + capability(2) * 120, extended=True),
    open_body(capability(1, b"\0\1")), struct.pack(">BHHIB", 3, 1, 90, 1, 0),
]
NOTIFICATIONS = [
    b"\6\2", b"\6\2\x0bmaintenance", b"\6\4\x05r\xc3\xa9set"[:8], b"\6\x09\6\2\3bye", b"\2\2",
    b"\1\2\x10\x05", b"\6\2\xffshort", b"\6\1\0\1\1\0\0\0\x64",
]
NAME = b"\7example\3com\0"


def dns(answers, count, flags=0x8400):
    return struct.pack(">HHHHHH", 0x1234, flags, 1, count, 0, 0) + NAME + b"\0\x10\0\1" + answers


def record(kind, rdata, name=b"\xc0\x0c"):
    return name + struct.pack(">HHIH", kind, 1, 60, len(rdata)) + rdata


DNS = [
    dns(record(16, b"\5hello"), 1), dns(record(6, b"\2ns\xc0\x0c\5admin\xc0\x0c" + b"\0\0\0\1" * 5), 1),
    dns(record(1, b"\xc0\0\2\1") + record(28, HOP6) + record(15, b"\0\x0a\2mx\xc0\x0c"), 3),
    dns(record(2, b"\xc0\x1d"), 1), dns(b"", 0, 0x8183), dns(record(99, b"\1\2\3"), 1),
    dns(record(33, b"\0\1\0\2\0\x35\2ns\xc0\x0c"), 1),
    dns(record(16, b"\5hello"), 1)[:-3],
    struct.pack(">HHHHHH", 0x1234, 0x8400, 1, 0, 0, 1) + NAME + b"\0\x10\0\1"
    + b"\0\0\x29\4\xd0\0\0\0\0\0\x09\0\3\0\5nsid1",
]


def dns_request(question, count=0, more=b"", flags=0x0100):
    return struct.pack(">HHHHHH", 0x1234, flags, 1, 0, 0, count) + question + more


WHO = b"\2id\6server\0\0\x10\0\3"
EDNS = b"\0\0\x29\4\xd0\0\0\0\0"
DNS_REQUEST = [
    dns_request(WHO), dns_request(WHO, 1, EDNS + b"\0\0"),
    dns_request(WHO, 1, EDNS + b"\0\4\0\3\0\0"), dns_request(WHO, 2, (EDNS + b"\0\0") * 2),
    dns_request(b"\3www\3lab\7example\0\0\1\0\1"), dns_request(b"\3lab\7example\0\0\x10\0\1"),
    dns_request(b"\3lab\7example\0\0\x0f\0\1"), dns_request(b"\1x\0\0\1\0\1"),
    dns_request(WHO, 1, b"\0\0\x29\4\xd0\0\1\0\0\0\0"), dns_request(WHO, flags=0x2800),
    dns_request(WHO, flags=0x8000), dns_request(b""), dns_request(WHO, 1),
]


def mrt(kind, subtype, body, microseconds=None):
    if microseconds is not None:
        body = struct.pack(">I", microseconds) + body
    return struct.pack(">IHHI", 1700000000, kind, subtype, len(body)) + body


def rib(sequence, prefix, *entries, add_path=False):
    body = struct.pack(">I", sequence) + prefix + struct.pack(">H", len(entries))
    for index, attributes in entries:
        body += struct.pack(">HI", index, 1600000000) + (b"\0\0\0\7" if add_path else b"") \
            + struct.pack(">H", len(attributes)) + attributes
    return body


def bgp4mp(message_bytes, four=True, six=False):
    asn, address = ">II" if four else ">HH", HOP6 * 2 if six else bytes([10, 0, 0, 2, 10, 0, 0, 1])
    return struct.pack(asn, 64501, 64502) + struct.pack(">HH", 0, 2 if six else 1) + address \
        + message_bytes


PEERS = mrt(13, 1, struct.pack(">IH", 0x0a000001, 4) + b"view" + struct.pack(">H", 3)
            + b"\2" + bytes([10, 0, 0, 2, 10, 0, 0, 2]) + struct.pack(">I", 64501)
            + b"\0" + bytes([10, 0, 0, 3, 10, 0, 0, 3]) + struct.pack(">H", 64502)
            + b"\3" + bytes([10, 0, 0, 4]) + HOP6 + struct.pack(">I", 4200000000))
SHORT6 = attribute(0x80, 14, b"\x10" + HOP6)
SHORT66 = attribute(0x80, 14, b"\x20" + HOP6 + LOCAL6)
FULL6 = attribute(0x80, 14, b"\0\2\1\x10" + HOP6 + b"\0" + V6)
ONE4, ONE6 = V4[:4], V6
MRT = [
    PEERS + mrt(13, 2, rib(0, ONE4, (0, ORIGIN + PATH4 + HOP), (1, ORIGIN + PATH4 + HOP + MANY))),
    PEERS + mrt(13, 4, rib(1, ONE6, (2, ORIGIN + PATH4 + SHORT6), (2, ORIGIN + PATH4 + SHORT66),
                           (2, FULL6 + ORIGIN + PATH4))),
    PEERS + mrt(13, 8, rib(2, ONE4, (0, ORIGIN + PATH4 + HOP), add_path=True))
    + mrt(13, 10, rib(3, ONE6, (2, ORIGIN + PATH4 + SHORT6), add_path=True))
    + mrt(13, 3, rib(4, ONE4, (9, ORIGIN + PATH4 + HOP))) + mrt(13, 6, b"\0\0\0\1\0\1\x80rest"),
    mrt(12, 1, struct.pack(">HH", 0, 5) + bytes([198, 51, 100, 0, 24, 1]) + struct.pack(">I", 7)
        + bytes([10, 0, 0, 2]) + struct.pack(">HH", 64501, len(ORIGIN + PATH2 + HOP + AS4PATH))
        + ORIGIN + PATH2 + HOP + AS4PATH),
    mrt(12, 2, struct.pack(">HH", 0, 5) + HOP6 + bytes([48, 1]) + struct.pack(">I", 7) + HOP6
        + struct.pack(">HH", 64501, len(ORIGIN + PATH2 + FULL6)) + ORIGIN + PATH2 + FULL6),
    mrt(16, 0, bgp4mp(b"\0\5\0\6", four=False)) + mrt(16, 5, bgp4mp(b"\0\6\0\1", six=True))
    + mrt(17, 5, bgp4mp(b"\0\6\0\1"), 999999) + mrt(17, 4, b"\0") + mrt(11, 0, b"ospf"),
    mrt(16, 2, b"") + mrt(99, 1, b"what") + struct.pack(">IHHI", 0, 13, 2, 0xffffffff) + b"too long",
]
MRT += [mrt(16, 4, bgp4mp(message(2, u))) + mrt(17, 1, bgp4mp(message(2, u), four=False), 123456)
        + mrt(17, 9, bgp4mp(message(2, u), six=True), 5) for u in UPDATES]
MRT += [mrt(16, 7, bgp4mp(message(4, b""))) + mrt(16, 4, bgp4mp(message(1, OPENS[1])))
        + mrt(16, 4, bgp4mp(message(3, b"\6\2"))) + mrt(16, 4, bgp4mp(b"no BGP"))]


RULES = [b"\x0b\1\x18\xc0\0\2\3\x81\x11\4\x81\x35", b"\0",
         bytes.fromhex("100118c000020208cb0403 89458b911f90"), bytes.fromhex("050901 02c210"),
         bytes.fromhex("060603 00d50400 030c8002"), bytes.fromhex("0100 03040135 020121")]
RULES6 = [bytes.fromhex("0701200020010db8"), bytes.fromhex("08026840123456789a"),
          bytes.fromhex("060da1000abcde"), bytes.fromhex("0301 2020")]
LONG_RULE = b"\xf0\xf1\4" + b"\1\x50" * 119 + b"\x81\x51"
RULE_TEXTS = [b"destination 192.0.2.0/24 and protocol = udp and port = 53, >= 1024 & <= 2047",
              b"tcp-flags = syn & !~ ack+rst and fragment ~ is-fragment", b"any", b"port true 7",
              b"packet-length = 0x0040", b"rate-bytes 125000 as 64500", b"redirect rt:65000:1", b"mark 46"]
RULE_TEXTS6 = [b"source ::1234:5678:9a00:0/104 offset 64 and flow-label = 703710"]


def bmp(kind, body):
    return struct.pack(">BIB", 3, 6 + len(body), kind) + body


def bmp_peer(kind=0, flags=0):
    return struct.pack(">BBQ12xIIIII", kind, flags, 0, 0x0a000002, 64501, 0x0a000002, 1700000000, 5)


def bmp_open(number):
    return message(1, OPENS[number])


BMP = [
    bmp(4, b"\0\1\0\4test\0\2\0\2r1\0\0\0\5hello") + bmp(5, b"\0\1\0\2\0\0\0\0\0\3bye"),
    bmp(3, bmp_peer() + bytes(12) + bytes([10, 0, 0, 1]) + b"\0\xb3\xc0\0" + bmp_open(0) + bmp_open(1)
        + b"\0\3\0\6global"),
    bmp(3, bmp_peer(3) + bytes(20) + bmp_open(1) + bmp_open(1)),
    bmp(2, bmp_peer() + b"\1" + message(3, b"\6\2")) + bmp(2, bmp_peer() + b"\2\0\x12")
    + bmp(2, bmp_peer() + b"\4") + bmp(2, bmp_peer(0, 0x80) + b"\3" + message(3, b"\6\4")),
    bmp(1, bmp_peer() + b"\0\0\0\4" + b"\0\0\0\4\0\0\0\1" + b"\0\7\0\x08" + bytes(7) + b"\2"
        + b"\0\x09\0\x0b\0\1\1" + bytes(7) + b"\3" + b"\0\x63\0\1x"),
    bmp(6, bmp_peer() + b"\0\1\0\2\0\1"), bmp(9, b"what"), b"\2\0\0\0\6\0",
]
BMP += [bmp(0, bmp_peer(0, flags) + message(2, u)) for u in UPDATES[:6] for flags in (0, 0x50)]


def pieces(data, base=64):
    """base 64: to the incoming connection; 160: to the outgoing one."""
    out = b""
    while data:
        part, data = data[:95], data[95:]
        out += bytes([base + len(part)]) + part
    return out


# Operations of fuzz/session.c: the low four bits say what, 16 picks the outgoing connection, 32 IPv6.
SET, REMOVE, TIME, REFRESH, LOSE, RESET, SHUT, ENABLE, CHANGE, OUT, IN, SHAKE, FAILED, OUTPUT = range(14)
KEEPALIVE = message(4, b"")
BACK = bytes([TIME, OUTPUT, IN, SHAKE, OUTPUT])
SESSIONS = [bytes([choice]) + pieces(b"".join(message(2, u) for u in UPDATES[:4]) + KEEPALIVE)
            + bytes([SET, SET + 32, OUTPUT, TIME, REMOVE, OUTPUT, LOSE]) + BACK
            for choice in (0, 7, 15, 31, 47)]
SESSIONS += [b"\x0c" + pieces(message(2, u)) + bytes([OUTPUT, LOSE]) + BACK for u in UPDATES]
SESSIONS += [b"\x0c" + pieces(message(5, b"\0\1" + bytes([s]) + b"\1")) + bytes([SET, OUTPUT])
             for s in (0, 1, 2)]
SESSIONS += [b"\x0c" + pieces(message(3, n)) + BACK for n in NOTIFICATIONS]
SESSIONS += [b"\x0c" + bytes([RESET, OUT, IN, SHAKE, SHAKE + 16, OUTPUT]),
             b"\x0c" + bytes([RESET, OUT, SHAKE + 16]) + pieces(KEEPALIVE, 160) + bytes([OUTPUT]),
             b"\x0c" + bytes([CHANGE, CHANGE + 32, FAILED, TIME, SHUT, ENABLE, OUT, SHAKE + 16])]



def rtr(version, kind, middle=0, body=b""):
    return struct.pack(">BBHI", version, kind, middle, 8 + len(body)) + body


def rtr_ipv4(version, flags, text, length, most, asn):
    return rtr(version, 4, 0, bytes([flags, length, most, 0]) + bytes(map(int, text.split(".")))
               + struct.pack(">I", asn))


RTR6 = rtr(1, 6, 0, b"\1\x20\x30\0" + HOP6[:4] + bytes(12) + struct.pack(">I", 64501))
RTR_KEY = rtr(1, 9, 0x0100, bytes(range(20)) + struct.pack(">I", 64501) + b"key")
RTR_ASPA = rtr(2, 11, 0x0100, struct.pack(">III", 64500, 64501, 64502))
RTR_OLD_ASPA = rtr(2, 11, 0, b"\1\1" + struct.pack(">HIII", 2, 64500, 64502, 64501))
RTR = [
    rtr(1, 0, 7, b"\0\0\0\5"), rtr(1, 1, 7, b"\0\0\0\5"), rtr(2, 2), rtr(1, 3, 7), rtr(1, 8),
    rtr(0, 3, 7) + rtr_ipv4(0, 1, "192.0.2.0", 24, 24, 64500) + rtr(0, 7, 7, b"\0\0\0\5"),
    rtr(1, 3, 7) + rtr_ipv4(1, 1, "192.0.2.0", 24, 28, 64500) + RTR6 + RTR_KEY
    + rtr(1, 7, 7, struct.pack(">IIII", 5, 3600, 600, 7200)),
    rtr(2, 3, 7) + RTR_ASPA + RTR_OLD_ASPA + rtr(2, 11, 0, struct.pack(">I", 64500))
    + rtr(2, 7, 7, struct.pack(">IIII", 5, 3600, 600, 7200)),
    rtr(1, 10, 2, bytes(8)), rtr(0, 10, 4, struct.pack(">I", 8) + rtr(2, 2) + b"\0\0\0\2no"),
    rtr(2, 11, 0x0100, struct.pack(">II", 64500, 0)), rtr(2, 11, 0x0100, struct.pack(">I", 64500)),
    rtr(2, 11, 0x0100, struct.pack(">III", 64500, 0, 1)), rtr(1, 4, 0, bytes(11)),
    rtr_ipv4(1, 1, "192.0.2.0", 24, 23, 1), rtr_ipv4(1, 1, "192.0.2.1", 33, 33, 1),
    rtr(3, 2), rtr(1, 5), rtr(1, 11), rtr(0, 9), struct.pack(">BBHI", 1, 10, 0, 0xffffffff),
]

# Records between processes: sender, receiver, then the struct as it lies in memory.
MAIN, SPEAKER, PROBE, API = range(4)
with open(os.path.join(HERE, "..", "..", "src", "daemon", "record.h"), encoding="utf-8") as source:
    RECORD_TYPES = re.findall(r"^\t(RECORD_[A-Z_]+),", source.read(), re.MULTILINE)


def between(sender, receiver, kind, body, tail=b""):
    number = RECORD_TYPES.index("RECORD_" + kind)
    return bytes([sender, receiver]) + struct.pack("=II", number, len(tail)) + body + tail


REPORT = between(PROBE, MAIN, "CHECK_REPORT", struct.pack(
    "=QIIIIB7xqQQq256s", 1, 0, 2, 2, 0, 0, 400000, 512, 3, 10**12, b"NOERROR in 0.4 ms"))
ROUTE = struct.pack("=64sB16sB2xIBB2xII III 256x 768x 512x I 64s 1984x 4x", b"dns", 4,
                    bytes([198, 51, 100]) + bytes(13), 24, 2, 0, 1, 100, 0, 1, 0, 0, 1, b"transit-a")
RECORDS = [
    REPORT, between(PROBE, MAIN, "CHECK_REPORTS", bytes(8), REPORT[2:] * 2),
    between(PROBE, MAIN, "CHECK_REPORTS", bytes(8), REPORT[2:] + REPORT[2:-1]),
    between(PROBE, MAIN, "CHECK_REPORTS", bytes(8)), between(API, MAIN, "CHECK_REPORTS", bytes(8)),
    between(MAIN, SPEAKER, "ROUTE_SET", ROUTE), between(MAIN, SPEAKER, "ROUTE_REMOVE", ROUTE),
    between(MAIN, SPEAKER, "ROUTE_SET", ROUTE[:80] + b"\x21" + ROUTE[81:]),
    between(MAIN, SPEAKER, "SECRET", struct.pack("=64sB80s3x", b"transit-a", 6, b"secret")),
    between(MAIN, SPEAKER, "CONFIG", struct.pack("=QQB7x", 1, 100, 1)),
    between(SPEAKER, MAIN, "NEIGHBOR_EVENT",
            struct.pack("=64sIIIBBBxI256s", b"transit-a", 2, 6, 1, 6, 2, 1, 0, b"maintenance")),
    between(API, MAIN, "QUERY", struct.pack("=QIB3x", 1, 1, 1), b"dns"),
    between(SPEAKER, API, "REPLY", struct.pack("=QiB3x", 1, 0, 1), b"{}"),
    between(MAIN, API, "EVENT", bytes(8), b"{}"), between(MAIN, API, "LISTENER", bytes([5, 0, 0, 0])),
    between(SPEAKER, MAIN, "HEARTBEAT", bytes(8)), between(MAIN, PROBE, "HURRY", bytes(8), b"tail"),
    b"\0\1", b"\0\1\1\0\0",
]


def path(*segments):
    """Segments as (type, numbers)."""
    return b"".join(struct.pack(f">BB{len(n)}I", t, len(n), *n) for t, n in segments)


def policy(pattern, as_path, standard=(), large=(), extended=()):
    """A pattern, then communities and a path as fuzz/policy.c takes them."""
    return (pattern.encode() + b"\0" + bytes((len(standard), len(large), len(extended)))
            + struct.pack(f">{len(standard)}I", *standard)
            + b"".join(struct.pack(">III", *c) for c in large)
            + struct.pack(f">{len(extended)}Q", *extended) + as_path)


POLICIES = [
    policy("^ 1 (2 | some)* 4-6? $", path((2, (1, 2, 64500, 5)))),
    policy("174", path((2, (3356, 174, 65000)), (1, (1, 2, 3)))),
    policy("[^1-3 some]{2,5} any+ | ^$", path((2, (1, 2, 3, 4, 5)), (3, (6, 7))),
           (0x00010002, 0xffff029a), ((1, 2, 3),), (0x0002fbf40000000a,)),
    policy("^ . . $", path((1, (1, 2)))), policy("any*", b""), policy("(((1 2)+ 3)* 4){2}", b"\2\1"),
    policy("1 .{30} 2 $", path((2, range(1, 60)))), policy("_174_", b""), policy("1 (2", b""),
    policy("5", path((2, (64500,) * 255), (2, (5,)))), policy("other", b"\2\xff\0\0"),
]


# Operations of fuzz/rtr_session.c; 64 and more: so many bytes from the cache.
CONNECT, LOST, WAIT, LONG, MOVE, SETTINGS, TAKE = range(7)


def rtr_pieces(data):
    out = b""
    while data:
        part, data = data[:191], data[191:]
        out += bytes([64 + len(part)]) + part
    return out


def rtr_end(version, session, serial):
    return rtr(version, 7, session, struct.pack(">I", serial)
               + (struct.pack(">III", 100, 50, 1000) if version else b""))


RTR_ANSWER = rtr(2, 3, 7) + rtr_ipv4(2, 1, "192.0.2.0", 24, 28, 64500) + RTR_ASPA + rtr_end(2, 7, 1)
RTR_DELTA = rtr(2, 3, 7) + rtr_ipv4(2, 0, "192.0.2.0", 24, 28, 64500) + rtr_end(2, 7, 2)
RTR_NOTIFY = rtr(2, 0, 7, struct.pack(">I", 2))
RTR_SESSIONS = [
    rtr_pieces(RTR_ANSWER + RTR_NOTIFY + RTR_DELTA) + bytes([TAKE, LOST, WAIT, CONNECT]) + rtr_pieces(RTR_DELTA),
    rtr_pieces(RTR_ANSWER) + bytes([LONG + 24, CONNECT]) + rtr_pieces(RTR_DELTA) + bytes([LONG + 56] * 8),
    rtr_pieces(RTR_ANSWER + rtr(2, 0, 8, struct.pack(">I", 1)) + rtr(2, 3, 8) + rtr_end(2, 8, 1)),
    rtr_pieces(RTR_ANSWER + RTR_NOTIFY + rtr(2, 8) + RTR_ANSWER) + bytes([MOVE, CONNECT]) + rtr_pieces(RTR_ANSWER),
    rtr_pieces(rtr(1, 10, 4, bytes(8))) + bytes([WAIT, CONNECT]) + rtr_pieces(rtr(1, 3, 7) + rtr_end(1, 7, 1)),
    rtr_pieces(rtr(0, 3, 7) + rtr_ipv4(0, 1, "192.0.2.0", 24, 24, 1) + rtr_end(0, 7, 1)),
    rtr_pieces(rtr(2, 10, 2, bytes(8)) + RTR_NOTIFY + RTR_ANSWER) + bytes([SETTINGS, SETTINGS + 8, WAIT + 56]),
    rtr_pieces(RTR_ANSWER + RTR_NOTIFY + RTR_ANSWER) + bytes([WAIT + 8, CONNECT]) + rtr_pieces(RTR_ANSWER),
    rtr_pieces(RTR_ANSWER + rtr(2, 3, 7)) + bytes([LONG + 8]) + rtr_pieces(RTR_DELTA + b"\3"),
]



def bfd(state, yours=0, flags=0, auth=b"", wait=10):
    """A control packet of RFC 5880 for fuzz/bfd.c: how long to wait, its length, the packet."""
    flags |= state << 6 | (4 if auth else 0)
    packet = struct.pack(">BBBBIIIII", 0x20, flags, 3, 24 + len(auth), 5, yours, 10000, 10000, 0) + auth
    return bytes([wait, len(packet)]) + packet


BFD = [
    bfd(1) + bfd(2, 0xff) + bfd(3, 0xff, 0x20) + bfd(3, 0xff, 0x10) + bfd(3, 0xff, 2) + bfd(0, 0xff),
    bfd(1, auth=b"\1\6\7key") + bfd(1, auth=b"\2\x18\7\0" + bytes(20)) + bfd(1, auth=b"\5\x1c\7\0" + bytes(24)),
    bfd(1) + bfd(2, 0xff) + bfd(3, 0xff, wait=255) + bfd(1, wait=255),
]

CORPORA = {
    "bfd": BFD,
    "bgp_frame": [b"\0\x20" + message(4, b"") + message(2, UPDATES[2]) + message(3, b"\6\2"),
                  b"\1\x50" + message(1, OPENS[1]) + message(4, b""), b"\0\1" + b"\xff" * 15 + b"\0"],
    "bgp_open": OPENS,
    "bgp_update": [bytes([choice]) + u for u in UPDATES for choice in (0x05, 0x06, 0x2f, 0x15)],
    "bgp_notification": NOTIFICATIONS + [b"\0\1\0\1", b"\0\2\1\1", b"\0\2"],
    "bmp": BMP,
    "dns": DNS,
    "dns_request": DNS_REQUEST,
    "flowspec": [b"\0" + r for r in RULES] + [b"\1" + r for r in RULES6] + [b"\0" + LONG_RULE,
                 b"\0" + b"".join(RULES[:5]), b"\1" + b"".join(RULES6)]
    + [b"\2" + t for t in RULE_TEXTS] + [b"\3" + t for t in RULE_TEXTS6],
    "mrt": [b"\6" + m for m in MRT],
    "record": RECORDS,
    "policy": POLICIES,
    "rtr": RTR,
    "rtr_session": RTR_SESSIONS,
    "session": SESSIONS,
}

for name, inputs in CORPORA.items():
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "seed-*")):
        os.unlink(old)
    for data in inputs:
        path = os.path.join(folder, "seed-" + hashlib.sha256(data).hexdigest()[:12])
        with open(path, "wb") as file:
            file.write(data)
