import CSystemShims
import FramingTransport
import Synchronization

/// A wait that found nothing, and what it waits for.
///
/// A kernel on one thread cannot wait: whoever drives it lets others go on meanwhile, and makes the wait again once it
/// would return.
enum ParkedWait {
  case epoll(EpollFile)
  case kqueue(KqueueFile)
  case poll([(descriptor: CInt, wanted: Condition)])
  case select([(descriptor: CInt, wanted: Condition)])
}

extension SimulatedKernel {
  // MARK: Waking

  package func openWaker(waiting: inout CInt, writing: inout CInt) -> CallResult {
    let result = open(WakerFile())
    if result.errorCode == nil { (waiting, writing) = (CInt(result.word), CInt(result.word)) }
    return result
  }

  package func signalWaker(_ writing: CInt) -> CallResult {
    let isForeign = state.withLock { state in
      (state.world[writing] as? WakerFile)?.isSignalled = true
      return state.isForeign
    }
    if isForeign {
      return CallResult(8)  // No call of the simulation: where it falls in its order is chance.
    }
    return state.withLock { state in
      let fault = state.injector.next(.wake)
      // A full counter (`EAGAIN`) is a signal too. A signal of the other kind (`EINTR`) comes before the counter is.
      if case .error(EINTR)? = fault { (state.world[writing] as? WakerFile)?.isSignalled = false }
      let result = fault?.failure ?? CallResult(8)
      state.note(.wake, writing, result, fault)
      return result
    }
  }

  package func clearWaker(_ waiting: CInt) {
    state.withLock { ($0.world[waiting] as? WakerFile)?.isSignalled = false }
  }

  private func open(_ file: @autoclosure () -> OpenFile) -> CallResult {
    state.withLock { state in
      let fault = state.injector.next(.open)
      let result = fault?.failure ?? state.world.open(file())
      state.note(.open, nil, result, fault)
      return result
    }
  }

  // MARK: Waiting

  package func isOpen(_ descriptor: CInt) -> Bool { state.withLock { $0.world[descriptor] != nil } }

  package func epollCreate() -> CallResult { open(EpollFile()) }

  package func epollControl(_ epoll: CInt, _ change: EpollChange, _ descriptor: CInt) -> CallResult {
    state.withLock { state in
      var call = SystemCall.watch
      if case .remove = change { call = .unwatch }
      let fault = state.injector.next(call)
      let result = fault?.failure ?? state.control(epoll, change, descriptor)
      state.note(call, descriptor, result, fault)
      return result
    }
  }

  package func epollWait(
    _ epoll: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?
  ) -> CallResult {
    state.withLock { state in
      guard let file = state.world[epoll] as? EpollFile else { return .error(EBADF) }
      return state.wait(.epoll(file), timeout) { state, fault in
        var found: [(token: UInt64, condition: Condition)]
        switch fault {
        case .spurious?:
          found = file.registrations.filter { !($0.file is WakerFile) }.map {
            ($0.token, [.readable, .writable, .hangUp])
          }
        case .one?: found = file.take(1)
        default: found = file.take(events.count)
        }
        if case .stale? = fault, let token = state.staleToken {
          found.append((token, [.readable, .writable, .hangUp]))
        }
        if state.world.conditions.isShuffled { found.shuffle(using: &state.world.random) }
        for (index, event) in found.prefix(events.count).enumerated() {
          events[index] = csys_event(token: event.token, readiness: UInt32(event.condition.pollBits))
        }
        return CallResult(min(found.count, events.count))
      }
    }
  }

  package func poll(_ entries: UnsafeMutableBufferPointer<pollfd>, timeout: Int64?) -> CallResult {
    state.withLock { state in
      let asked = entries.map { (descriptor: $0.fd, wanted: Condition(pollBits: CInt($0.events))) }
      return state.wait(.poll(asked), timeout) { state, fault in
        var count = 0
        for index in entries.indices {
          var bits: CInt = 0
          if let file = state.world[entries[index].fd] {
            bits = file.condition.reported(to: asked[index].wanted).pollBits
            if case .spurious? = fault, !(file is WakerFile) { bits = POLLIN | POLLOUT | POLLHUP }
          } else {
            bits = CInt(CSYS_NOT_OPEN)
          }
          if case .one? = fault, count == 1 { bits = 0 }
          entries[index].revents = Int16(bits)
          if bits != 0 { count += 1 }
        }
        return CallResult(count)
      }
    }
  }

  package func select(
    _ count: Int, readable: UnsafeMutablePointer<UInt64>, writable: UnsafeMutablePointer<UInt64>,
    timeout: Int64?
  ) -> CallResult {
    state.withLock { state in
      func has(_ words: UnsafeMutablePointer<UInt64>, _ index: Int) -> Bool {
        words[index >> 6] & (1 << UInt64(index & 63)) != 0
      }
      var asked: [(descriptor: CInt, wanted: Condition)] = []
      for index in 0..<count where has(readable, index) || has(writable, index) {
        var wanted: Condition = []
        if has(readable, index) { wanted.insert(.readable) }
        if has(writable, index) { wanted.insert(.writable) }
        if state.world[CInt(index)] == nil { return .error(EBADF) }
        asked.append((CInt(index), wanted))
      }
      return state.wait(.select(asked), timeout) { state, fault in
        for word in 0..<(count + 63) / 64 { (readable[word], writable[word]) = (0, 0) }
        var found = 0
        for (descriptor, wanted) in asked {
          guard let file = state.world[descriptor] else { continue }
          var condition = file.selectCondition.intersection(wanted)
          if case .spurious? = fault, !(file is WakerFile) { condition = wanted }
          if case .one? = fault, found == 1 { condition = [] }
          let (word, bit) = (Int(descriptor) >> 6, UInt64(1) << UInt64(descriptor & 63))
          if condition.contains(.readable) { readable[word] |= bit }
          if condition.contains(.writable) { writable[word] |= bit }
          found += (condition.contains(.readable) ? 1 : 0) + (condition.contains(.writable) ? 1 : 0)
        }
        return CallResult(found)
      }
    }
  }
}

extension OpenFile {
  /// As `select` sees it, which knows two things only: a hang-up is readable, and an error is both.
  var selectCondition: Condition {
    var condition = condition
    if condition.contains(.error) { condition.formUnion([.readable, .writable]) }
    if condition.contains(.hangUp) { condition.insert(.readable) }
    return condition.intersection([.readable, .writable])
  }
}

extension SimulatedKernel.State {
  /// A wait: answers what is ready; else lets time pass until something is, or leaves that to the driver.
  mutating func wait(
    _ wait: ParkedWait, _ timeout: Int64?, _ collect: (inout Self, Fault?) -> CallResult
  ) -> CallResult {
    var fault: Fault?
    if !isResuming { fault = injector.next(.wait) }
    isResuming = false
    let answer: CallResult
    // Not even a wait that ends for no reason takes no time: else one that always does would let nothing else happen.
    if let fault, fault != .one, timeout != 0, !isReady(wait) { world.now += 1000 }
    switch fault {
    case .error(let code)?: answer = .error(code)
    case .nothing?: answer = CallResult(0)
    case .spurious?, .stale?: answer = collect(&self, fault)
    default:
      if !isReady(wait), timeout != 0 {
        if isDriven {
          parked = wait
          return CallResult(0)
        }
        passTime(until: wait, timeout)
      }
      answer = collect(&self, fault)
    }
    if case .late(let seconds)? = fault { world.now += Int64(seconds) * 1_000_000_000 }
    note(.wait, nil, answer, fault)
    return answer
  }

  /// Lets events happen until one of them ends the wait, or its time is over.
  private func passTime(until wait: ParkedWait, _ timeout: Int64?) {
    let deadline = timeout.map { world.now + $0 }
    while !isReady(wait) {
      if world.deliverOne() { continue }
      let next = world.nextTime ?? .max
      if let deadline, deadline <= next {
        world.now = deadline
        return
      }
      precondition(next < .max, "the wait would never end: nothing is on its way in the simulated kernel")
      world.now = next
    }
  }

  /// Whether a wait would return.
  func isReady(_ wait: ParkedWait) -> Bool {
    switch wait {
    case .epoll(let file): file.isReady
    case .kqueue(let file): file.isReady
    case .poll(let asked):
      asked.contains { descriptor, wanted in
        world[descriptor].map { !$0.condition.reported(to: wanted).isEmpty } ?? true
      }
    case .select(let asked):
      asked.contains { descriptor, wanted in
        world[descriptor].map { !$0.selectCondition.isDisjoint(with: wanted) } ?? true
      }
    }
  }

  /// `epoll_ctl`.
  mutating func control(_ epoll: CInt, _ change: EpollChange, _ descriptor: CInt) -> CallResult {
    guard let table = world[epoll] as? EpollFile else { return .error(EBADF) }
    guard let file = world[descriptor] else { return .error(EBADF) }
    let index = table.index(of: descriptor, file)
    switch change {
    case .add(let interest, let token):
      if index != nil { return .error(EEXIST) }
      table.add(descriptor, file, Condition(interest), token)
    case .modify(let interest, let token):
      guard let index else { return .error(ENOENT) }
      table.change(index, Condition(interest), token)
    case .remove:
      guard let index else { return .error(ENOENT) }
      staleToken = table.registrations[index].token
      table.remove(index)
    }
    return CallResult(0)
  }
}
