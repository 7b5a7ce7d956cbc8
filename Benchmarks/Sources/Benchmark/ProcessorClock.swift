#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Nanoseconds that this thread has run. Not `ContinuousClock`: what other programs do meanwhile is not ours.
func processorNanoseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// How long one of the things takes that `body` does so many of, in nanoseconds: repeated for at least `milliseconds`.
func nanosecondsEach(for milliseconds: Double, _ body: () -> Int) -> Double {
  var count = body()  // Once before, so that memory and code are there.
  count = 0
  let start = processorNanoseconds()
  var time = 0.0
  repeat {
    count += body()
    time = processorNanoseconds() - start
  } while time < milliseconds * 1e6
  return time / Double(count)
}
