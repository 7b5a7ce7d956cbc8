import FramingTransport
import Testing

@Suite("Trusted addresses")
struct TrustedAddressesTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let text: String
    let inside: [String]
    let outside: [String]
    var testDescription: String { text }
  }

  static let rows: [Row] = [
    Row(
      text: "10.0.0.0/8", inside: ["10.0.0.0:1", "10.255.255.255:65535", "[::ffff:10.1.2.3]:1"],
      outside: ["11.0.0.0:1", "9.255.255.255:1", "[::10.1.2.3]:1", "[a00::]:1", "unix:/a"]),
    Row(text: "192.0.2.7", inside: ["192.0.2.7:0"], outside: ["192.0.2.6:0", "192.0.2.8:0"]),
    Row(text: "192.0.2.6/31", inside: ["192.0.2.7:0"], outside: ["192.0.2.8:0"]),
    Row(
      text: "0.0.0.0/0", inside: ["255.255.255.255:1", "[::ffff:1.2.3.4]:1"], outside: ["[::1]:1", "unix:@a"]),
    Row(
      text: "::/0", inside: ["[::1]:1", "[ffff::]:1", "[fe80::1%2]:1"],
      outside: ["1.2.3.4:1", "[::ffff:1.2.3.4]:1"]),
    Row(
      text: "2001:db8::/32", inside: ["[2001:db8:ffff::1]:1"], outside: ["[2001:db9::]:1", "[2001:db7::]:1"]),
    Row(text: "fe80::/10", inside: ["[febf::1%3]:1"], outside: ["[fec0::1]:1"]),
    Row(text: "::1", inside: ["[::1]:1"], outside: ["[::2]:1", "127.0.0.1:1"]),
    Row(text: "::ffff:10.0.0.0/104", inside: ["10.1.2.3:1", "[::ffff:10.1.2.3]:1"], outside: ["11.1.2.3:1"]),
    Row(text: "::ffff:192.0.2.7", inside: ["192.0.2.7:1"], outside: ["192.0.2.8:1"]),
    Row(text: "unix", inside: ["unix:/a", "unix:@a"], outside: ["127.0.0.1:1", "[::1]:1"]),
    Row(text: "any", inside: ["unix:/a", "127.0.0.1:1", "[::1]:1"], outside: []),
    Row(
      text: "  10.0.0.0/8,::1 unix , 192.0.2.7  ",
      inside: ["10.1.1.1:1", "[::1]:1", "unix:/a", "192.0.2.7:1"],
      outside: ["192.0.2.8:1", "[::2]:1"]),
  ]

  @Test("hold who is listed, and nobody else", arguments: rows)
  func contains(row: Row) throws {
    let trusted = try TrustedAddresses(row.text)
    for text in row.inside { #expect(trusted.contains(try #require(SocketAddress(text))), "\(text)") }
    for text in row.outside { #expect(!trusted.contains(try #require(SocketAddress(text))), "\(text)") }
    #expect(TrustedAddresses.any.contains(.unix(path: "")))
  }

  @Test(
    "point at the mistake",
    arguments: [
      ("", 0, "an address, a network as 10.0.0.0/8, unix or any is needed"),
      ("  ", 2, "an address, a network as 10.0.0.0/8, unix or any is needed"),
      ("::1,", 4, "an address, a network as 10.0.0.0/8, unix or any is needed"),
      ("::1,,any", 4, "an address, a network as 10.0.0.0/8, unix or any is needed"),
      ("10.0.0.0/33", 9, "the prefix of IPv4 is a number from 0 to 32"),
      ("unix, 10.0.0.0/", 15, "the prefix of IPv4 is a number from 0 to 32"),
      ("10.0.0.0/+8", 9, "the prefix of IPv4 is a number from 0 to 32"),
      ("10.0.0.0/8/8", 9, "the prefix of IPv4 is a number from 0 to 32"),
      ("10.0.0.0/99999999999999999999", 9, "the prefix of IPv4 is a number from 0 to 32"),
      ("::/129", 3, "the prefix of IPv6 is a number from 0 to 128"),
      ("::1 10.0.0.1/8", 4, "the address has bits behind its prefix; is 10.0.0.0/8 meant?"),
      ("2001:db8::1/64", 0, "the address has bits behind its prefix; is 2001:db8::/64 meant?"),
      ("::1 localhost", 4, "\"localhost\" is no IPv4 or IPv6 address, nor unix or any"),
      ("fe80::1%2", 0, "\"fe80::1%2\" is no IPv4 or IPv6 address, nor unix or any"),
      ("Any", 0, "\"Any\" is no IPv4 or IPv6 address, nor unix or any"),
      ("10.0.0/8", 0, "\"10.0.0\" is no IPv4 or IPv6 address, nor unix or any"),
      ("/8", 0, "\"\" is no IPv4 or IPv6 address, nor unix or any"),
      ("::1,ä", 4, "\"ä\" is no IPv4 or IPv6 address, nor unix or any"),
    ])
  func mistakes(text: String, position: Int, problem: String) {
    let error = #expect(throws: TrustedAddresses.TextError.self) { try TrustedAddresses(text) }
    #expect(error?.text == text)
    #expect(error?.position == position)
    #expect(error?.problem == problem)
    #expect(
      error?.description == "trusted addresses \"\(text)\", character \(position + 1): \(problem)")
  }
}
