import FramingTransport

/// Which loop goes on next, as a kernel decides which thread does.
///
/// A loop runs until its wait finds nothing; the wait is parked then, and made again when it would return. One thing
/// happens at a time: a half turn of one loop, or one delivery. If nothing can happen now, time passes until something can.
struct Scheduler {
  struct Seat {
    let loop: EventLoop
    /// What its wait is for, and until when; without it the loop has a turn to begin.
    var wait: (parked: ParkedWait, deadline: Int64?)?
  }

  /// What the driver is to do.
  enum Step: Sendable {
    /// Have a loop begin a turn, and wait.
    case begin(EventLoop, seat: Int)
    /// Have a loop wait again, with what is left of its time.
    case resume(EventLoop, seat: Int, timeout: Int64?)
    /// Nothing: something was delivered.
    case delivered
    /// Nothing: time has passed.
    case timePassed
    /// Nothing: nothing can happen any more.
    case quiet
  }

  var seats: [Seat] = []
  /// Who had the last turn, so that the next one is another's.
  var last = 0
}

extension SimulatedKernel.State {
  /// Decides what happens next, and lets it happen if no loop has a part in it.
  mutating func nextStep() -> Scheduler.Step {
    let due = (world.nextTime ?? .max) <= world.now
    var ready: [Int] = []
    let count = scheduler.seats.count
    for step in 0..<count {
      let seat = (scheduler.last + 1 + step) % count
      if isRunnable(seat) { ready.append(seat) }
    }
    if world.conditions.isShuffled {
      let choices = ready.count + (due ? 1 : 0)
      if choices > 0 {
        let choice = world.random.below(choices)
        return choice < ready.count ? step(ready[choice]) : deliver()
      }
    } else if due {
      return deliver()
    } else if let first = ready.first {
      return step(first)
    }
    return passTime()
  }

  private func isRunnable(_ index: Int) -> Bool {
    guard let wait = scheduler.seats[index].wait else { return true }
    if let deadline = wait.deadline, deadline <= world.now { return true }
    return isReady(wait.parked)
  }

  private mutating func step(_ index: Int) -> Scheduler.Step {
    scheduler.last = index
    let seat = scheduler.seats[index]
    guard let wait = seat.wait else { return .begin(seat.loop, seat: index) }
    scheduler.seats[index].wait = nil
    isResuming = true
    return .resume(seat.loop, seat: index, timeout: wait.deadline.map { max(0, $0 - world.now) })
  }

  private func deliver() -> Scheduler.Step {
    _ = world.deliverOne()
    return .delivered
  }

  private mutating func passTime() -> Scheduler.Step {
    var next = world.nextTime ?? .max
    for seat in scheduler.seats {
      if let deadline = seat.wait?.deadline { next = min(next, deadline) }
    }
    if next == .max { return .quiet }
    world.now = max(world.now, next)
    moments += 1
    return .timePassed
  }
}

extension SimulatedKernel {
  func nextStep() -> Scheduler.Step { state.withLock { $0.nextStep() } }

  /// After a wait: remembers that it was parked, if it was, until `deadline`.
  func settle(_ seat: Int, deadline: Int64?) {
    state.withLock { state in
      state.isResuming = false
      state.scheduler.seats[seat].wait = state.parked.map { ($0, deadline) }
      state.parked = nil
    }
  }
}
