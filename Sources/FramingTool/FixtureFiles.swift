import ToolSupport

/// The files that `framing replay` is to replay.
enum FixtureFiles {
  /// The files among `paths`, and those of fixtures in the folders among them, sorted, however deep.
  ///
  /// A file that is named itself may be called anything. Links to folders are followed only if they are named.
  static func find(_ paths: [[UInt8]]) throws(Failure) -> [[UInt8]] {
    var files: [[UInt8]] = []
    for path in paths {
      if try isFolder(path, following: true) {
        try append(folder: path, to: &files)
      } else {
        files.append(path)
      }
    }
    guard !files.isEmpty else {
      let places = paths.map(Quote.path).joined(separator: ", ")
      throw Failure(.noInput, "no file that ends with .frames in \(places)")
    }
    return files
  }

  private static func append(folder: [UInt8], to files: inout [[UInt8]]) throws(Failure) {
    let prefix = folder.last == UInt8(ascii: "/") ? folder : folder + [UInt8(ascii: "/")]
    let names: [[UInt8]]
    do throws(ErrorNumber) {
      names = try Platform.names(inFolder: folder)
    } catch {
      throw Failure(.noInput, "\(Quote.path(folder)) cannot be opened: \(error)")
    }
    for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let path = prefix + name
      if try isFolder(path, following: false) {
        try append(folder: path, to: &files)
      } else if name.suffix(7).elementsEqual(".frames".utf8) {
        files.append(path)
      }
    }
  }

  private static func isFolder(_ path: [UInt8], following: Bool) throws(Failure) -> Bool {
    do throws(ErrorNumber) {
      return try Platform.isFolder(path, following: following)
    } catch {
      throw Failure(.noInput, "\(Quote.path(path)) cannot be opened: \(error)")
    }
  }
}
