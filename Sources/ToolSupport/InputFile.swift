import Framing

/// A file that is read from its front, or standard input.
package final class InputFile: Sendable {
  /// What errors call it: its path, or `standard input`.
  package let name: String
  private let descriptor: CInt

  /// Standard input.
  package static let standard = InputFile(name: "standard input", descriptor: Platform.inputDescriptor)

  private init(name: String, descriptor: CInt) {
    self.name = name
    self.descriptor = descriptor
  }

  deinit { Platform.closeFile(descriptor) }

  /// Opens a file.
  package init(path: [UInt8]) throws(Failure) {
    name = Quote.path(path)
    do throws(ErrorNumber) {
      descriptor = try Platform.openFile(path)
    } catch {
      throw Failure(.noInput, "\(name) cannot be opened: \(error)")
    }
    guard (try? Platform.isFolder(path, following: true)) != true else {
      throw Failure(.noInput, "\(name) is a folder; give a file in it")
    }
  }

  /// Reads what is there, and waits only if there is nothing; 0 at the end.
  package func read(into room: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    do throws(ErrorNumber) {
      return try Platform.readBytes(of: descriptor, into: room)
    } catch {
      throw Failure(.inputOutput, "\(name) cannot be read: \(error)")
    }
  }

  /// Reads all that there is.
  package func readAll() throws(Failure) -> [UInt8] {
    var bytes = FrameBuffer()
    while try bytes.fill(room: 1 << 16, read) > 0 {}
    return bytes.withBytes { $0.withUnsafeBufferPointer { [UInt8]($0) } }
  }
}
