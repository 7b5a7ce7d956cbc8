/// Objects that come and go one by one, and are told something all together in the order in which they came.
///
/// A dictionary alone would have another order in each process, and so would a simulation of what they do then.
struct Roster<Member: AnyObject> {
  private var members: [ObjectIdentifier: (number: UInt64, member: Member)] = [:]
  private var lastNumber: UInt64 = 0

  var count: Int { members.count }

  var isEmpty: Bool { members.isEmpty }

  mutating func add(_ member: Member) {
    lastNumber += 1
    members[ObjectIdentifier(member)] = (lastNumber, member)
  }

  /// Takes one out; answers whether it was in.
  mutating func remove(_ member: Member) -> Bool {
    members.removeValue(forKey: ObjectIdentifier(member)) != nil
  }

  mutating func removeAll() { members = [:] }

  /// All of them, who came first first.
  var inOrder: [Member] { members.values.sorted { $0.number < $1.number }.map(\.member) }
}
