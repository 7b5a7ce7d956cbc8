/// What a descriptor names. Several descriptors may name the same file; with the last of them it is closed.
class OpenFile {
  /// How many descriptors name it.
  var names = 0

  /// What is so now, whether somebody waits for it or not.
  var condition: Condition { [] }
}

/// An `eventfd`: readable while it was signalled and not cleared.
final class WakerFile: OpenFile {
  var isSignalled = false
  override var condition: Condition { isSignalled ? .readable : [] }
}

/// A socket of datagrams, for messages to a service manager: what is sent has arrived.
final class DatagramFile: OpenFile {
  override var condition: Condition { .writable }
}

/// An `epoll`: which files are watched, by the descriptor that they were added under.
///
/// As in Linux a registration belongs to a descriptor and its file together, and goes only with the file: if a copy of a
/// descriptor keeps the file open, events go on under the number that was closed.
final class EpollFile: OpenFile {
  struct Registration {
    let descriptor: CInt
    let file: OpenFile
    var wanted: Condition
    var token: UInt64

    /// What a wait reports of it; empty for nothing.
    var reported: Condition { file.condition.reported(to: wanted) }
  }

  private(set) var registrations: [Registration] = []
  /// Where the next wait begins to look, so that a full array of events leaves nobody out.
  private var start = 0

  override var condition: Condition { isReady ? .readable : [] }

  /// Whether a wait has something to report.
  var isReady: Bool {
    for registration in registrations where !registration.reported.isNothing { return true }
    return false
  }

  func index(of descriptor: CInt, _ file: OpenFile) -> Int? {
    registrations.firstIndex { $0.descriptor == descriptor && $0.file === file }
  }

  func add(_ descriptor: CInt, _ file: OpenFile, _ wanted: Condition, _ token: UInt64) {
    registrations.append(
      Registration(descriptor: descriptor, file: file, wanted: wanted, token: token))
  }

  func change(_ index: Int, _ wanted: Condition, _ token: UInt64) {
    registrations[index].wanted = wanted
    registrations[index].token = token
  }

  func remove(_ index: Int) { registrations.remove(at: index) }

  /// Forgets a file that was closed.
  func forget(_ file: OpenFile) { registrations.removeAll { $0.file === file } }

  /// What is ready, at the most `capacity` of it, the one that was left out last time first.
  func take(_ capacity: Int) -> [(token: UInt64, condition: Condition)] {
    var found: [(token: UInt64, condition: Condition)] = []
    let count = registrations.count
    for step in 0..<count {
      let registration = registrations[(start + step) % count]
      let condition = registration.reported
      if condition.isNothing { continue }
      if found.count == capacity {
        start = (start + step) % count
        return found
      }
      found.append((registration.token, condition))
    }
    start = 0
    return found
  }
}
