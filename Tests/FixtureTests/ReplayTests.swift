import FramingTestKit
import Testing

@Suite("Every fixture")
struct ReplayTests {
  @Test("comes out as written, however it is cut", arguments: Repository.fixtures)
  func replay(path: String) throws {
    let fixture = try Fixture(try Repository.text(of: "Fixtures/" + path), name: path)
    let mismatches = FixtureReplay(fixture).mismatches()
    guard !mismatches.isEmpty else { return }
    // A broken framer is broken under many chunkings; the first few tell enough.
    let told = mismatches.prefix(5).map(\.description).joined(separator: "\n")
    Issue.record("\(mismatches.count) mismatches:\n\(told)")
  }

  @Test("begins with a comment that says its behaviour", arguments: Repository.fixtures)
  func title(path: String) throws {
    let fixture = try Fixture(try Repository.text(of: "Fixtures/" + path), name: path)
    #expect(!fixture.title.isEmpty)
  }

  @Test("is found")
  func found() {
    #expect(!Repository.fixtures.isEmpty, "no fixture below \(Repository.root.path)/Fixtures")
  }
}
