import Framing
import Synchronization

/// A file that is read from its front, or standard input.
package final class InputFile: Sendable {
  /// What errors call it: its path, or `standard input`.
  package let name: String
  private let descriptor: CInt
  private let meter = Mutex<Meter?>(nil)

  /// How far it has been read, and since when.
  private struct Meter: Sendable {
    var progress: Progress
    let start = ContinuousClock.now
  }

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

  /// Shows from now on how far it has been read, if that takes long and somebody can see it who sees nothing else: on
  /// standard error if that is a terminal, and standard output and the file are none.
  package func showProgress() {
    guard Platform.errorsAreTerminal, !Platform.outputIsTerminal, !Platform.isTerminal(descriptor) else {
      return
    }
    meter.withLock { $0 = Meter(progress: Progress(of: Platform.size(of: descriptor))) }
  }

  /// Reads what is there, and waits only if there is nothing; 0 at the end.
  package func read(into room: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    do throws(ErrorNumber) {
      let count = try Platform.readBytes(of: descriptor, into: room)
      note(count)
      return count
    } catch {
      throw Failure(.inputOutput, "\(name) cannot be read: \(error)")
    }
  }

  private func note(_ count: Int) {
    meter.withLock { meter in
      guard let start = meter?.start else { return }
      if count == 0 { return Terminal.hideStatus() }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if let line = meter?.progress.advance(by: count, at: seconds) { Terminal.showStatus(line) }
    }
  }

  /// Reads all that there is.
  package func readAll() throws(Failure) -> [UInt8] {
    var bytes = FrameBuffer()
    while try bytes.fill(room: 1 << 16, read) > 0 {}
    return bytes.withBytes { [UInt8](copying: $0) }
  }
}
