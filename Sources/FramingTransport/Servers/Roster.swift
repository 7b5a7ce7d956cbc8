/// Who is in a ``Roster``; in one at most.
protocol RosterMember: AnyObject {
  /// Where it stands in the roster; -1 in none. Kept by the roster, on the thread of whoever has that.
  var rosterPlace: Int32 { get set }
}

extension FramedConnection: RosterMember {}

/// Objects that come and go one by one, and are told something all together in the order in which they came.
///
/// An array with gaps, closed when they are the most of it: amortised constant time for each that comes or goes.
struct Roster<Member: RosterMember> {
  private var members: [Member?] = []
  /// How many there are.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func add(_ member: Member) {
    precondition(member.rosterPlace < 0, "a member is in one roster, once")
    append(member)
    count += 1
  }

  /// Takes one out; answers whether it was in.
  mutating func remove(_ member: Member) -> Bool {
    guard member.rosterPlace >= 0 else { return false }
    members[Int(member.rosterPlace)] = nil
    member.rosterPlace = -1
    count -= 1
    if members.count > 16 && count < members.count / 2 { closeGaps() }
    return true
  }

  mutating func removeAll() {
    for member in inOrder { member.rosterPlace = -1 }
    (members, count) = ([], 0)
  }

  /// All of them, who came first first.
  var inOrder: [Member] { members.compactMap(\.self) }

  private mutating func append(_ member: Member) {
    member.rosterPlace = Int32(members.count)
    members.append(member)
  }

  private mutating func closeGaps() {
    let rest = inOrder
    members.removeAll(keepingCapacity: true)
    for member in rest { append(member) }
  }
}
