import CSystemShims
import FramingTransport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("A socket address")
struct SocketAddressTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let text: String
    let address: SocketAddress
    var testDescription: String { text }
  }

  static let rows: [Row] = [
    Row(text: "127.0.0.1:7777", address: .ipv4(0x7F00_0001, port: 7777)),
    Row(text: "127.0.0.1:7777", address: .loopback(port: 7777)),
    Row(text: "0.0.0.0:0", address: .any(port: 0)),
    Row(text: "1.2.3.4:1", address: .ipv4(0x0102_0304, port: 1)),
    Row(text: "255.255.255.255:65535", address: .ipv4(.max, port: .max)),
    Row(text: "[::]:0", address: .ipv6(0, port: 0)),
    Row(text: "[::1]:7777", address: .ipv6(1, port: 7777)),
    Row(
      text: "[2001:db8::ff00:42:8329]:443",
      address: .ipv6(0x2001_0db8_0000_0000_0000_ff00_0042_8329, port: 443)),
    Row(
      text: "[102:304:506:708:90a:b0c:d0e:f10]:80",
      address: .ipv6(0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10, port: 80)),
    Row(text: "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", address: .ipv6(.max, port: .max)),
    Row(text: "[::ffff:1.2.3.4]:80", address: .ipv6(0xFFFF_0102_0304, port: 80)),
    Row(text: "[fe80::1%2]:7777", address: .ipv6(0xfe80 << 112 | 1, port: 7777, scope: 2)),
    Row(text: "[fe80::1%4294967295]:7777", address: .ipv6(0xfe80 << 112 | 1, port: 7777, scope: .max)),
    Row(text: "unix:/run/echo.sock", address: .unix(path: "/run/echo.sock")),
    Row(text: "unix:echo.sock", address: .unix(path: "echo.sock")),
    Row(text: "unix:a:b:1", address: .unix(path: "a:b:1")),
    Row(text: "unix:unix:", address: .unix(path: "unix:")),
    Row(text: "unix:/tmp/ä ö.sock", address: .unix(path: "/tmp/ä ö.sock")),
    Row(text: "unix:@name", address: .unix(path: "@name")),
    Row(text: "unix:@", address: .unix(path: "@")),
    Row(
      text: "unix:" + String(repeating: "p", count: Int(CSYS_PATH_MAX) - 1),
      address: .unix(path: String(repeating: "p", count: Int(CSYS_PATH_MAX) - 1))),
  ]

  @Test("reads what it prints", arguments: rows)
  func readsWhatItPrints(row: Row) {
    #expect(SocketAddress(row.text) == row.address)
    #expect(row.address.description == row.text)
  }

  @Test(
    "reads other ways of writing",
    arguments: [
      Row(text: "[0:0:0:0:0:0:0:1]:80", address: .ipv6(1, port: 80)),
      Row(text: "[2001:DB8::1]:80", address: .ipv6(0x2001_0db8 << 96 | 1, port: 80)),
      Row(text: "[::1%0]:80", address: .ipv6(1, port: 80)),
      Row(text: "127.0.0.1:00080", address: .loopback(port: 80)),
    ])
  func reads(row: Row) {
    #expect(SocketAddress(row.text) == row.address)
  }

  @Test(
    "refuses other texts",
    arguments: [
      "", ":", "7777", ":7777", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:+1",
      "127.0.0.1:65536", "127.0.0.1:1 ", " 127.0.0.1:1", "127.0.0.1: 1", "127.0.0.1:१", "127.0.0:1",
      "127.1:1",
      "127.0.0.256:1", "127.0.0.1.1:1", "0x7f.0.0.1:1", "localhost:80", "[127.0.0.1]:80", "::1:80", "::1",
      "[::1]", "[::1]:", "[::1:80", "::1]:80", "[]:80", "[:::1]:80", "[::1]80", "[::1]x:80", "[::g]:80",
      "[fe80::1%]:80", "[fe80::1%eth0]:80", "[fe80::1%+2]:80", "[fe80::1%-2]:80", "[fe80::1%2%3]:80",
      "[fe80::1%4294967296]:80", "[%2]:80", "127.0.0.1%2:80", "127.0.0.1\0:80", "127.0.0.1\0.example.com:80",
      "[::1\0]:80", "[::1\0%2]:80", "unix:", "unix", "Unix:/a", "unix:a\0b", "unix:\0a",
      "unix:" + String(repeating: "p", count: Int(CSYS_PATH_MAX)),
      "unix:" + String(repeating: "ä", count: Int(CSYS_PATH_MAX) / 2),
    ])
  func refuses(text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test("reads a numeric host without its port")
  func hosts() {
    #expect(SocketAddress(host: "127.0.0.1", port: 1) == .loopback(port: 1))
    #expect(SocketAddress(host: "::1", port: 1) == .ipv6(1, port: 1))
    #expect(SocketAddress(host: "fe80::1%2", port: 1) == .ipv6(0xfe80 << 112 | 1, port: 1, scope: 2))
    for host in ["", "[::1]", "localhost", "127.0.0.1:1", "::1\0"] {
      #expect(SocketAddress(host: host, port: 1) == nil)
    }
    #expect(SocketAddress.loopback(port: 1).host == "127.0.0.1")
    #expect(SocketAddress.ipv6(1, port: 1).host == "::1")
    #expect(SocketAddress.unix(path: "/a").host == "unix:/a")
    #expect(SocketAddress.unix(path: "/a").port == nil)
  }

  // MARK: The kernel

  @Test(
    "comes back from the kernel as it was bound", arguments: [SocketAddress.loopback(port: 0), .any(port: 0)])
  func ipv4RoundTrip(address: SocketAddress) throws {
    let local = try Socket.listening(at: address).localAddress()
    #expect(local.port != 0)
    #expect(local.host == address.host)
    #expect(SocketAddress(local.description) == local)
  }

  @Test(
    "comes back from the kernel as it was bound over IPv6",
    .enabled(if: hasIPv6, "this system has no IPv6 loopback address"))
  func ipv6RoundTrip() throws {
    let local = try Socket.listening(at: .ipv6(1, port: 0)).localAddress()
    #expect(local.port != 0)
    #expect(local.host == "::1")
    #expect(SocketAddress(local.description) == local)
  }

  #if os(Linux)
  @Test("comes back from the kernel as an abstract name", arguments: [1, 20, Int(CSYS_PATH_MAX) - 1])
  func abstractRoundTrip(count: Int) throws {
    // The inode of a socket that is open meanwhile: a name that no other process has.
    let pair = try SocketPair()
    let unique = "@framing-\(Descriptors.identity(pair.near.descriptor) ?? 0)-"
    let path = unique + String(repeating: "x", count: max(1, count - unique.utf8.count))
    let listener = try Socket.listening(at: .unix(path: path))
    #expect(try listener.localAddress() == .unix(path: path))
    let client = try Socket.connecting(to: .unix(path: path), system: Kernel.real)
    let peer = try listener.accept()?.peer
    #expect(peer == .unix(path: ""))
    #expect(try client.localAddress() == .unix(path: ""))
  }
  #endif

  @Test("comes back from the kernel as a path, also the longest one", arguments: [false, true])
  func pathRoundTrip(longest: Bool) throws {
    var template = Array("/tmp/framing-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", code: errno) }
    let directory = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    defer { rmdir(directory) }
    let count = longest ? Int(CSYS_PATH_MAX) - 1 - directory.utf8.count - 1 : 4
    let path = directory + "/" + String(repeating: "s", count: count)
    defer { unlink(path) }
    let listener = try Socket.listening(at: .unix(path: path))
    #expect(try listener.localAddress() == .unix(path: path))
    let client = try Socket.connecting(to: .unix(path: path), system: Kernel.real)
    let server = try listener.acceptOne()
    try client.write("a")
    #expect(try server.read() == "a")
  }

  @Test("is refused by name if a Unix path does not fit", arguments: [0, Int(CSYS_PATH_MAX), 5000])
  func pathThatDoesNotFit(count: Int) {
    let path = String(repeating: "p", count: count)
    for listen in [false, true] {
      let error = #expect(throws: SystemError.self) {
        if listen {
          _ = try Socket.listening(at: .unix(path: path)).descriptor
        } else {
          _ = try Socket.connecting(to: .unix(path: path), system: Kernel.real).descriptor
        }
      }
      #expect(error?.code == ENAMETOOLONG)
      #expect(error?.subject == path)
      #expect(error?.description.hasPrefix("a path of 1 to \(CSYS_PATH_MAX - 1) bytes is needed") == true)
    }
  }

  @Test(
    "is refused if a Unix path has a zero in it, which would end it",
    arguments: ["a\0b", "/a\0", "\0a", "@a\0"])
  func pathWithZero(path: String) {
    let error = #expect(throws: SystemError.self) {
      _ = try Socket.connecting(to: .unix(path: path), system: Kernel.real).descriptor
    }
    #expect(error?.code == EINVAL)
  }

  // MARK: Names

  @Test("resolves localhost to loopback addresses")
  func resolvesLocalhost() throws {
    let addresses = try SocketAddress.resolve(host: "localhost", port: 7777)
    #expect(!addresses.isEmpty)
    for address in addresses {
      #expect(["127.0.0.1", "::1"].contains(address.host))
      #expect(address.port == 7777)
    }
    #expect(Set(addresses).count == addresses.count)
  }

  @Test("resolves a number to itself", arguments: ["127.0.0.1", "::1", "fe80::1%2"])
  func resolvesNumbers(host: String) throws {
    let addresses = try SocketAddress.resolve(host: host, port: 80)
    #expect(addresses == SocketAddress(host: host, port: 80).map { [$0] })
  }

  /// Names that no name server is asked for.
  @Test(
    "says which host is unknown, in one line",
    arguments: ["no such host", "256.256.256.256.", "localhost\0x"])
  func unknownHost(host: String) {
    let error = #expect(throws: SocketAddress.UnknownHost.self) {
      _ = try SocketAddress.resolve(host: host, port: 80)
    }
    #expect(error?.host == host)
    #expect(error?.reason.isEmpty == false)
    #expect(error?.description == "unknown host \"\(host)\": \(error?.reason ?? "")")
  }
}

private let hasIPv6 = (try? Socket.listening(at: .ipv6(1, port: 0)).descriptor) != nil
