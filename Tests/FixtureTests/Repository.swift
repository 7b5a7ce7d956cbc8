import Foundation

/// The files of this package where they stand: found from this file, as the working directory is anybody's guess.
enum Repository {
  /// The folder of `Package.swift`.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The fixtures, as paths inside `Fixtures`, sorted.
  static let fixtures = files(in: "Fixtures", suffix: ".frames")

  /// The folders in `Fixtures`, sorted.
  static let fixtureFolders: [String] = {
    let folder = root.appending(path: "Fixtures")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { isFolder(folder.appending(path: $0)) }.sorted()
  }()

  /// The paths inside `folder` of all files in it, however deep, that end with `suffix`, sorted.
  static func files(in folder: String, suffix: String) -> [String] {
    let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
    return (paths?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(suffix) }.sorted()
  }

  /// The content of a file.
  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
