#if !hasFeature(Embedded)

/// The framing of a real protocol, by name: `FramerSpec("dns")`.
///
/// A preset is data: the text that it stands for. Options can be replaced, as in `kafka:max=1000000`. It strips only what
/// encoding puts back: where the header says more than a length, the header is delivered with its message.
public struct FramerPreset: Hashable, Sendable {
  /// The name in the text form, as `dns`.
  public let name: String
  /// The text that it stands for.
  public let spec: String
  /// What is framed, and what a message is, in one line.
  public let summary: String
  /// Where the layout is specified.
  public let source: String

  private init(_ name: String, _ spec: String, _ summary: String, _ source: String) {
    self.name = name
    self.spec = spec
    self.summary = summary
    self.source = source
  }

  /// All presets, by name.
  public static let all: [FramerPreset] = [
    .init(
      "9p", "length-prefixed:endian=little,adjust=-4,min=3", "type, tag and body of a 9P message",
      "plan9 manual, intro(5)"),
    .init(
      "amqp", "length-prefixed:offset=3,adjust=1,strip=0",
      "AMQP 0-9-1 frames with type, channel, length and end byte; behind the 8 bytes of the protocol header",
      "AMQP 0-9-1, 4.2.3"),
    .init(
      "bgp",
      "length-prefixed:width=2,offset=16,adjust=-18,strip=0,max=65517,min=1,magic=FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
      "BGP messages, with their marker and length", "RFC 4271, 4.1; RFC 8654"),
    .init(
      "bitcoin", "length-prefixed:endian=little,offset=16,adjust=4,strip=0,max=33554436,magic=F9BEB4D9",
      "messages of Bitcoin's main network, with magic, command, length and checksum",
      "Bitcoin developer reference, P2P network, message headers"),
    .init(
      "cassandra", "length-prefixed:offset=5,strip=0,max=268435456",
      "CQL frames, with their header of 9 bytes",
      "CQL binary protocol 4, 2"),
    .init("dap", "content-length", "messages of the Debug Adapter Protocol", "DAP, base protocol"),
    .init(
      "diameter", "length-prefixed:width=3,offset=1,adjust=-4,strip=0,min=16,magic=01",
      "Diameter messages, with version and length", "RFC 6733, 3"),
    .init("dns", "length-prefixed:width=2", "DNS messages over TCP", "RFC 1035, 4.2.2"),
    .init(
      "erlang-1", "length-prefixed:width=1", "packets of Erlang's gen_tcp with {packet, 1}",
      "Erlang/OTP, inet:setopts/2"),
    .init(
      "erlang-2", "length-prefixed:width=2", "packets of Erlang's gen_tcp with {packet, 2}",
      "Erlang/OTP, inet:setopts/2"),
    .init(
      "erlang-4", "length-prefixed", "packets of Erlang's gen_tcp and ports with {packet, 4}",
      "Erlang/OTP, inet:setopts/2"),
    .init(
      "grpc", "length-prefixed:offset=1,strip=0",
      "gRPC messages in an HTTP/2 stream, with the compressed flag and length",
      "gRPC over HTTP2, Length-Prefixed-Message"),
    .init(
      "http2", "length-prefixed:width=3,adjust=6,strip=0,max=16777221",
      "HTTP/2 frames with their header; behind the client's preface of 24 bytes", "RFC 9113, 4.1"),
    .init(
      "kafka", "length-prefixed:max=104857600", "Kafka requests and responses",
      "Apache Kafka protocol guide, 2.1"),
    .init("lsp", "content-length", "messages of the Language Server Protocol", "LSP 3.17, base protocol"),
    .init(
      "modbus", "length-prefixed:width=2,offset=4,strip=0,max=254,min=2",
      "Modbus TCP messages, with their MBAP header", "Modbus messaging on TCP/IP 1.0b, 3.1.3"),
    .init(
      "mongodb", "length-prefixed:endian=little,adjust=-4,max=47999996,min=12",
      "MongoDB messages, from the request id on", "MongoDB wire protocol, standard message header"),
    .init(
      "mqtt", "varint-prefixed:max=268435455,offset=1,width=4,keep=true",
      "MQTT control packets, with their fixed header",
      "MQTT 3.1.1, 2.2; MQTT 5, 2.1"),
    .init(
      "mysql", "length-prefixed:width=3,endian=little,adjust=1,min=1",
      "MySQL packets: sequence number and body", "MySQL client/server protocol, packets"),
    .init("ndjson", "lines", "newline-delimited JSON texts", "ndjson 1.0"),
    .init(
      "netty-inclusive", "length-prefixed:adjust=-4",
      "a 4-byte length that counts itself, as many Netty programs have",
      "Netty, LengthFieldPrepender with lengthIncludesLengthFieldLength"),
    .init(
      "postgresql", "length-prefixed:offset=1,adjust=-4,strip=0,max=1073741818",
      "PostgreSQL messages, with type and length; not the client's first",
      "PostgreSQL, protocol 3.0, message formats"),
    .init(
      "postgresql-startup", "length-prefixed:adjust=-4,max=10000,min=4",
      "the first message of a PostgreSQL client, which has no type: version and parameters",
      "PostgreSQL, protocol 3.0, message formats"),
    .init(
      "protobuf-delimited", "varint-prefixed", "Protocol Buffers messages in a stream",
      "Protocol Buffers, writeDelimitedTo"),
    .init(
      "smpp", "length-prefixed:adjust=-4,min=12", "SMPP PDUs, from the command id on", "SMPP 3.4, 3.2"),
    .init("syslog", "octet-counted", "syslog messages over TCP, octet counting", "RFC 6587, 3.4.1; RFC 5425"),
    .init(
      "syslog-lines", "delimiter:bytes=\\n", "syslog messages over TCP, non-transparent framing",
      "RFC 6587, 3.4.2"),
    .init(
      "thrift", "length-prefixed:max=16384000", "messages of Thrift's framed transport",
      "Thrift, TFramedTransport"),
    .init(
      "tls", "length-prefixed:width=2,offset=3,strip=0,max=18432",
      "TLS records, with type, version and length",
      "RFC 8446, 5; RFC 5246, 6.2.3"),
    .init(
      "tpkt", "length-prefixed:width=2,offset=2,adjust=-4,min=3,magic=03", "TPDUs in TPKT packets",
      "RFC 1006, 6"),
    .init(
      "zookeeper", "length-prefixed:max=1048575", "ZooKeeper requests and responses",
      "ZooKeeper, jute.maxbuffer"),
  ]
}

#endif
