# SPDX-License-Identifier: Apache-2.0
"""BGP messages as bytes, right or deliberately wrong: the tests' own codec.

It shares nothing with the code under test. Builders return bytes, so that a test may cut,
join and damage them; parsers return values and raise Malformed for what breaks the RFCs.
"""
import dataclasses
import ipaddress
import struct

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
TYPES = {OPEN: "OPEN", UPDATE: "UPDATE", NOTIFICATION: "NOTIFICATION",
         KEEPALIVE: "KEEPALIVE", ROUTE_REFRESH: "ROUTE-REFRESH"}
HEADER_BYTES, MAX_BYTES, MAX_EXTENDED_BYTES = 19, 4096, 65535
AS_TRANS = 23456

OPTIONAL, TRANSITIVE, PARTIAL, EXTENDED_LENGTH = 0x80, 0x40, 0x20, 0x10
(ORIGIN, AS_PATH, NEXT_HOP, MED, LOCAL_PREF, ATOMIC_AGGREGATE, AGGREGATOR,
 COMMUNITIES) = range(1, 9)
MP_REACH, MP_UNREACH, EXTENDED_COMMUNITIES, AS4_PATH, AS4_AGGREGATOR = 14, 15, 16, 17, 18
LARGE_COMMUNITIES, ONLY_TO_CUSTOMER = 32, 35
#: The flags that the RFC of each attribute asks for.
FLAGS = {ORIGIN: TRANSITIVE, AS_PATH: TRANSITIVE, NEXT_HOP: TRANSITIVE, MED: OPTIONAL,
         LOCAL_PREF: TRANSITIVE, ATOMIC_AGGREGATE: TRANSITIVE, MP_REACH: OPTIONAL,
         MP_UNREACH: OPTIONAL}
AS_SET, AS_SEQUENCE = 1, 2
IGP, EGP, INCOMPLETE = 0, 1, 2

CAP_MULTIPROTOCOL, CAP_ROUTE_REFRESH, CAP_EXTENDED_NEXTHOP, CAP_EXTENDED_MESSAGE = 1, 2, 5, 6
CAP_ROLE, CAP_GRACEFUL_RESTART, CAP_FOUR_OCTET_AS, CAP_ENHANCED_REFRESH = 9, 64, 65, 70
ROLES = {"provider": 0, "rs-server": 1, "rs-client": 2, "customer": 3, "peer": 4}
FAMILIES = {"ipv4": (1, 1), "ipv6": (2, 1)}


class Malformed(ValueError):
    """What arrived breaks the RFC that is named in the text."""


# ---- building: messages


def message(kind, body=b"", length=None, marker=MARKER):
    """A message; `length` and `marker` may be wrong on purpose."""
    return marker + struct.pack("!HB", HEADER_BYTES + len(body) if length is None else length,
                                kind) + body


def keepalive():
    return message(KEEPALIVE)


def open_message(asn, router_id="10.9.9.9", hold_s=90, capabilities=(), version=4,
                 extended=False, parameters=None):
    """An OPEN with each capability in a parameter of its own (RFC 5492).

    `extended` uses the extended parameter lengths (RFC 9072); `parameters` replaces the
    whole of the optional parameters, with their length, by raw bytes.
    """
    if parameters is None:
        shape = "!BH" if extended else "!BB"
        body = b"".join(struct.pack(shape, 2, len(c)) + c for c in capabilities)
        parameters = (struct.pack("!BBH", 255, 255, len(body)) if extended
                      else struct.pack("!B", len(body))) + body
    return message(OPEN, struct.pack("!BHH", version, asn if asn < 65536 else AS_TRANS, hold_s)
                   + ipaddress.ip_address(router_id).packed + parameters)


def notification(code, subcode, data=b""):
    return message(NOTIFICATION, struct.pack("!BB", code, subcode) + data)


def shutdown(text, subcode=2):
    """Cease with an administrative shutdown message (RFC 9003)."""
    raw = text.encode()
    return notification(6, subcode, struct.pack("!B", len(raw)) + raw)


def route_refresh(family="ipv4", subtype=0):
    """Subtype 1 and 2 are BoRR and EoRR of RFC 7313."""
    afi, safi = FAMILIES[family]
    return message(ROUTE_REFRESH, struct.pack("!HBB", afi, subtype, safi))


def update(attributes=(), nlri=(), withdrawn=(), withdrawn_length=None, attributes_length=None):
    """An UPDATE from bytes; prefixes may be given as text. The lengths may be wrong."""
    gone = b"".join(map(_prefix_bytes, withdrawn))
    path = b"".join(attributes)
    return message(UPDATE, struct.pack(
        "!H", len(gone) if withdrawn_length is None else withdrawn_length) + gone + struct.pack(
            "!H", len(path) if attributes_length is None else attributes_length) + path
        + b"".join(map(_prefix_bytes, nlri)))


def end_of_rib(family="ipv4"):
    """RFC 4724, section 2."""
    return update() if family == "ipv4" else update([mp_unreach(family)])


# ---- building: capabilities


def capability(code, value=b"", length=None):
    return struct.pack("!BB", code, len(value) if length is None else length) + value


def cap_multiprotocol(family):
    afi, safi = FAMILIES[family]
    return capability(CAP_MULTIPROTOCOL, struct.pack("!HBB", afi, 0, safi))


def cap_four_octet_as(asn):
    return capability(CAP_FOUR_OCTET_AS, struct.pack("!I", asn))


def cap_route_refresh():
    return capability(CAP_ROUTE_REFRESH)


def cap_enhanced_refresh():
    return capability(CAP_ENHANCED_REFRESH)


def cap_extended_message():
    return capability(CAP_EXTENDED_MESSAGE)


def cap_role(role):
    return capability(CAP_ROLE, bytes([ROLES.get(role, role)]))


def cap_extended_nexthop():
    """IPv4 unicast with IPv6 next hops (RFC 8950)."""
    return capability(CAP_EXTENDED_NEXTHOP, struct.pack("!HHH", 1, 1, 2))


def cap_graceful_restart(time_s=60, restarted=False, notification_too=False,
                         families=("ipv4", "ipv6"), preserved=True):
    """RFC 4724; `notification_too` is the N bit of RFC 8538."""
    flags = (0x8000 if restarted else 0) | (0x4000 if notification_too else 0)
    body = struct.pack("!H", flags | time_s)
    for afi, safi in map(FAMILIES.get, families):
        body += struct.pack("!HBB", afi, safi, 0x80 if preserved else 0)
    return capability(CAP_GRACEFUL_RESTART, body)


# ---- building: attributes and prefixes


def attribute(code, value=b"", flags=None, length=None, wide=None):
    """A path attribute with the flags of its RFC, or others; `wide`: a 2-octet length."""
    flags = FLAGS.get(code, OPTIONAL | TRANSITIVE) if flags is None else flags
    size = len(value) if length is None else length
    wide = size > 255 if wide is None else wide
    flags |= EXTENDED_LENGTH if wide else 0
    return struct.pack("!BBH" if flags & EXTENDED_LENGTH else "!BBB", flags, code,
                       size) + value


def origin(value=IGP):
    return attribute(ORIGIN, bytes([value]))


def as_path(*asns, kind=AS_SEQUENCE, four_octet=True):
    if not asns:
        return attribute(AS_PATH)
    return attribute(AS_PATH, struct.pack("!BB", kind, len(asns)) + b"".join(
        struct.pack("!I" if four_octet else "!H", asn) for asn in asns))


def next_hop(address):
    return attribute(NEXT_HOP, ipaddress.ip_address(address).packed)


def med(value):
    return attribute(MED, struct.pack("!I", value))


def local_pref(value):
    return attribute(LOCAL_PREF, struct.pack("!I", value))


def communities(*texts):
    return attribute(COMMUNITIES, b"".join(
        struct.pack("!HH", *map(int, text.split(":"))) for text in texts))


def large_communities(*texts):
    return attribute(LARGE_COMMUNITIES, b"".join(
        struct.pack("!III", *map(int, text.split(":"))) for text in texts))


def route_targets(*texts):
    """Extended communities of the kind "rt", two-octet AS numbers."""
    return attribute(EXTENDED_COMMUNITIES, b"".join(
        struct.pack("!BBHI", 0, 2, *map(int, text.split(":"))) for text in texts))


def only_to_customer(asn):
    return attribute(ONLY_TO_CUSTOMER, struct.pack("!I", asn))


def mp_reach(family, hops, prefixes):
    """MP_REACH_NLRI; `hops` is one address or a pair (global, link-local)."""
    hops = [hops] if isinstance(hops, str) else hops
    raw = b"".join(ipaddress.ip_address(hop).packed for hop in hops)
    return attribute(MP_REACH, struct.pack("!HBB", *FAMILIES[family], len(raw)) + raw + b"\0"
                     + b"".join(map(_prefix_bytes, prefixes)))


def mp_unreach(family, prefixes=()):
    return attribute(MP_UNREACH, struct.pack("!HB", *FAMILIES[family])
                     + b"".join(map(_prefix_bytes, prefixes)))


def prefix_bytes(prefix):
    """Length in bits, then as many octets as it takes (RFC 4271, section 4.3)."""
    network = ipaddress.ip_network(prefix)
    return bytes([network.prefixlen]) + network.network_address.packed[
        :(network.prefixlen + 7) // 8]


def _prefix_bytes(prefix):
    return prefix if isinstance(prefix, bytes) else prefix_bytes(prefix)


# ---- parsing


@dataclasses.dataclass
class Message:
    """A message as it arrived; the fields of its type are filled in by parse()."""
    kind: int
    body: bytes

    @property
    def name(self):
        return TYPES.get(self.kind, f"type {self.kind}")


@dataclasses.dataclass
class Open(Message):
    """An OPEN: `asn` is the four-octet one where it is announced."""
    version: int = 0
    asn: int = 0
    hold_s: int = 0
    router_id: str = ""
    #: Code -> list of the values announced.
    capabilities: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Attribute:
    flags: int
    code: int
    value: bytes


@dataclasses.dataclass
class Update(Message):
    """An UPDATE; prefixes as text, of both families, wherever they stood."""
    withdrawn: list = dataclasses.field(default_factory=list)
    announced: list = dataclasses.field(default_factory=list)
    #: Code -> Attribute.
    attributes: dict = dataclasses.field(default_factory=dict)
    next_hops: tuple = ()
    #: "ipv4" or "ipv6" when it is an End-of-RIB marker.
    end_of_rib: str = None

    def as_path(self):
        """All AS numbers of the path in order."""
        return tuple(asn for _kind, asns in self.as_segments() for asn in asns)

    def as_segments(self, four_octet=True):
        raw, segments, size = self._value(AS_PATH), [], 4 if four_octet else 2
        while raw:
            kind, count = raw[0], raw[1]
            end = 2 + count * size
            _need(len(raw) >= end, "AS_PATH: a segment runs over the end (RFC 7606, 7.2)")
            segments.append((kind, [int.from_bytes(raw[i:i + size], "big")
                                    for i in range(2, end, size)]))
            raw = raw[end:]
        return segments

    def med(self):
        raw = self._value(MED)
        return int.from_bytes(raw, "big") if raw else None

    def origin(self):
        raw = self._value(ORIGIN)
        return raw[0] if raw else None

    def communities(self):
        return {f"{a}:{b}" for a, b in struct.iter_unpack("!HH", self._value(COMMUNITIES))}

    def large_communities(self):
        return {f"{a}:{b}:{c}"
                for a, b, c in struct.iter_unpack("!III", self._value(LARGE_COMMUNITIES))}

    def extended_communities(self):
        """As raw bytes of eight octets each."""
        raw = self._value(EXTENDED_COMMUNITIES)
        return {raw[i:i + 8] for i in range(0, len(raw), 8)}

    def _value(self, code):
        found = self.attributes.get(code)
        return found.value if found else b""


@dataclasses.dataclass
class Notification(Message):
    code: int = 0
    subcode: int = 0
    data: bytes = b""

    def text(self):
        """The message of RFC 9003, or "" where there is none."""
        if self.code != 6 or self.subcode not in (2, 4) or not self.data:
            return ""
        return self.data[1:1 + self.data[0]].decode()


@dataclasses.dataclass
class RouteRefresh(Message):
    family: str = ""
    subtype: int = 0


def parse(kind, body):
    """The message of this type and body, its fields filled in."""
    parser = {OPEN: _parse_open, UPDATE: _parse_update, NOTIFICATION: _parse_notification,
              ROUTE_REFRESH: _parse_refresh}.get(kind)
    return parser(body) if parser else Message(kind, body)


def parse_header(header):
    """(type, length of the body) of the 19 octets of a header."""
    _need(header[:16] == MARKER, "marker is not all ones (RFC 4271, 4.1)")
    length, kind = struct.unpack("!HB", header[16:19])
    _need(HEADER_BYTES <= length, f"message length {length} (RFC 4271, 4.1)")
    return kind, length - HEADER_BYTES


def _need(condition, text):
    if not condition:
        raise Malformed(text)


def _parse_open(body):
    _need(len(body) >= 10, "OPEN is shorter than 29 octets (RFC 4271, 4.2)")
    version, asn, hold_s = struct.unpack("!BHH", body[:5])
    opened = Open(OPEN, body, version, asn, hold_s, str(ipaddress.IPv4Address(body[5:9])))
    length, rest, wide = body[9], body[10:], False
    if rest[:1] == b"\xff" and length != 0:
        length, rest, wide = int.from_bytes(rest[1:3], "big"), rest[3:], True
    _need(len(rest) == length, "optional parameters do not fill the OPEN (RFC 4271, 4.2)")
    while rest:
        size = int.from_bytes(rest[1:3], "big") if wide else rest[1]
        head = 3 if wide else 2
        _need(len(rest) >= head + size, "a parameter runs over the end")
        if rest[0] == 2:
            _parse_capabilities(rest[head:head + size], opened.capabilities)
        rest = rest[head + size:]
    wide_asn = opened.capabilities.get(CAP_FOUR_OCTET_AS)
    if wide_asn:
        opened.asn = int.from_bytes(wide_asn[0], "big")
    return opened


def _parse_capabilities(raw, found):
    while raw:
        _need(len(raw) >= 2 + raw[1], "a capability runs over the end (RFC 5492, 4)")
        found.setdefault(raw[0], []).append(raw[2:2 + raw[1]])
        raw = raw[2 + raw[1]:]


def _parse_update(body):
    _need(len(body) >= 4, "UPDATE is shorter than 23 octets (RFC 4271, 4.3)")
    gone = int.from_bytes(body[:2], "big")
    _need(len(body) >= 4 + gone, "withdrawn routes run over the end")
    size = int.from_bytes(body[2 + gone:4 + gone], "big")
    _need(len(body) >= 4 + gone + size, "path attributes run over the end")
    parsed = Update(UPDATE, body)
    parsed.withdrawn = _prefixes(body[2:2 + gone], 4)
    parsed.attributes = _attributes(body[4 + gone:4 + gone + size])
    parsed.announced = _prefixes(body[4 + gone + size:], 4)
    hop = parsed.attributes.get(NEXT_HOP)
    if hop:
        parsed.next_hops = (str(ipaddress.ip_address(hop.value)),)
    if len(body) == 4:
        parsed.end_of_rib = "ipv4"
    if MP_UNREACH in parsed.attributes:
        _parse_unreach(parsed, parsed.attributes[MP_UNREACH].value)
    if MP_REACH in parsed.attributes:
        _parse_reach(parsed, parsed.attributes[MP_REACH].value)
    return parsed


def _parse_reach(parsed, raw):
    afi, safi, size = struct.unpack("!HBB", raw[:4])
    _need((afi, safi) in FAMILIES.values(), f"family {afi}/{safi} was not agreed on")
    hops = raw[4:4 + size]
    _need(size in (4, 16, 32), f"next hop of {size} octets (RFC 2545, 3)")
    step = 4 if size == 4 else 16
    parsed.next_hops = tuple(str(ipaddress.ip_address(hops[i:i + step]))
                             for i in range(0, size, step))
    parsed.announced += _prefixes(raw[5 + size:], {1: 4, 2: 16}[afi])


def _parse_unreach(parsed, raw):
    afi, safi = struct.unpack("!HB", raw[:3])
    _need((afi, safi) in FAMILIES.values(), f"family {afi}/{safi} was not agreed on")
    parsed.withdrawn += _prefixes(raw[3:], {1: 4, 2: 16}[afi])
    if len(raw) == 3 and len(parsed.attributes) == 1 and not parsed.announced:
        parsed.end_of_rib = {1: "ipv4", 2: "ipv6"}[afi]


def _attributes(raw):
    found = {}
    while raw:
        flags, code = raw[0], raw[1]
        head = 4 if flags & EXTENDED_LENGTH else 3
        size = int.from_bytes(raw[2:head], "big")
        _need(len(raw) >= head + size, f"attribute {code} runs over the end")
        _need(code not in found, f"attribute {code} is there twice (RFC 7606, 3.g)")
        found[code] = Attribute(flags, code, raw[head:head + size])
        raw = raw[head + size:]
    return found


def _prefixes(raw, size):
    found = []
    while raw:
        bits, octets = raw[0], (raw[0] + 7) // 8
        _need(bits <= size * 8 and len(raw) > octets, f"prefix of {bits} bits")
        packed = raw[1:1 + octets].ljust(size, b"\0")
        found.append(str(ipaddress.ip_network((packed, bits), strict=False)))
        raw = raw[1 + octets:]
    return found


def _parse_notification(body):
    _need(len(body) >= 2, "NOTIFICATION is shorter than 21 octets (RFC 4271, 4.5)")
    return Notification(NOTIFICATION, body, body[0], body[1], body[2:])


def _parse_refresh(body):
    _need(len(body) == 4, "ROUTE-REFRESH is not 23 octets long (RFC 2918, 3)")
    afi, subtype, safi = struct.unpack("!HBB", body)
    names = {numbers: name for name, numbers in FAMILIES.items()}
    return RouteRefresh(ROUTE_REFRESH, body, names.get((afi, safi), f"{afi}/{safi}"), subtype)
