import CSystemShims

/// What a selector keeps of each watched descriptor, at its number, where the kernel does not keep it.
///
/// All operations take constant time, amortised: the table is as long as the highest descriptor was.
struct DescriptorTable<Entry> {
  private let kind: SelectorKind
  private var entries: [Entry?] = []

  /// An empty table, for a selector that errors will name.
  init(for kind: SelectorKind) { self.kind = kind }

  /// What is kept of `descriptor`; `nil` if it is not watched, or no descriptor.
  subscript(descriptor: CInt) -> Entry? {
    entries.indices.contains(Int(descriptor)) ? entries[Int(descriptor)] : nil
  }

  /// The watched descriptors, the lowest first.
  var descriptors: some Sequence<CInt> {
    entries.indices.lazy.filter { entries[$0] != nil }.map { CInt($0) }
  }

  /// Keeps `entry` of a descriptor that is open and not watched yet.
  mutating func insert(
    _ entry: Entry, at descriptor: CInt, _ system: any SystemCalls
  ) throws(SystemError) {
    guard system.isOpen(descriptor) else { throw failure(EBADF, descriptor) }
    guard self[descriptor] == nil else { throw failure(EEXIST, descriptor) }
    while entries.count <= Int(descriptor) { entries.append(nil) }
    entries[Int(descriptor)] = entry
  }

  /// What is kept of a descriptor that is watched.
  func find(_ descriptor: CInt) throws(SystemError) -> Entry {
    guard let entry = self[descriptor] else { throw failure(ENOENT, descriptor) }
    return entry
  }

  /// Keeps `entry` of a descriptor that is watched, instead of what was kept.
  mutating func update(_ entry: Entry, at descriptor: CInt) { entries[Int(descriptor)] = entry }

  /// Forgets `descriptor`; answers what was kept of it, if it was watched.
  mutating func remove(_ descriptor: CInt) -> Entry? {
    guard let entry = self[descriptor] else { return nil }
    entries[Int(descriptor)] = nil
    return entry
  }

  private func failure(_ code: CInt, _ descriptor: CInt) -> SystemError {
    SystemError(call: kind.rawValue, code: code, subject: "descriptor \(descriptor)")
  }
}
