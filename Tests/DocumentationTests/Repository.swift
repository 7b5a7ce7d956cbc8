import Foundation

/// The files of this package where they stand: found from this file, as the working directory is anybody's guess.
enum Repository {
  /// The folder of `Package.swift`.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The Markdown files that a reader of the package comes upon, as paths from the root, sorted.
  static let pages =
    pathsIn("").filter { $0.hasSuffix(".md") && !$0.contains("/") }
    + ["Sources", "Fixtures", "Examples", "Benchmarks"].flatMap { pathsIn($0) }.filter { $0.hasSuffix(".md") }

  /// The Swift sources of the libraries, whose comments are documentation.
  static let sources = pathsIn("Sources").filter { $0.hasSuffix(".swift") }

  /// The content of a file.
  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Whether there is a file or a folder at `path`.
  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).standardized.path)
  }

  /// The paths of what is in `folder`, however deep; of the root, what stands there itself. Not what is hidden, as what was
  /// built.
  private static func pathsIn(_ folder: String) -> [String] {
    let files = FileManager.default
    if folder.isEmpty { return ((try? files.contentsOfDirectory(atPath: root.path)) ?? []).sorted() }
    let found = files.enumerator(
      at: root.appending(path: folder), includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
    let paths = found?.compactMap { ($0 as? URL)?.path } ?? []
    return paths.map {
      String($0.dropFirst(root.path.hasSuffix("/") ? root.path.count : root.path.count + 1))
    }.sorted()
  }
}
