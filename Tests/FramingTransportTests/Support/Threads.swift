import CSystemShims

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A thread of the system, to be joined.
final class OSThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  init(_ run: @escaping @Sendable () -> Void) throws {
    let body = Unmanaged.passRetained(Body(run)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let code = pthread_create(
      &thread, nil,
      {
        Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run()
        return nil
      }, body)
    guard code == 0, let thread else { throw ThreadFailure(code: code) }
    #else
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      {
        if let body = $0 { Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run() }
        return nil
      }, body)
    guard code == 0 else { throw ThreadFailure(code: code) }
    #endif
    self.thread = thread
  }

  /// Sends a signal to the thread, which must not have been joined.
  func signal(_ number: CInt) { _ = pthread_kill(thread, number) }

  func join() { _ = pthread_join(thread, nil) }
}

struct ThreadFailure: Error {
  let code: CInt
}

/// Tells when the calling thread ends: the system runs what a thread has stored for itself.
enum ThreadEnd {
  private final class Observer {
    let action: @Sendable () -> Void
    init(_ action: @escaping @Sendable () -> Void) { self.action = action }
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    _ = pthread_key_create(&key) { observer in
      #if canImport(Darwin)
      Unmanaged<Observer>.fromOpaque(observer).takeRetainedValue().action()
      #else
      if let observer { Unmanaged<Observer>.fromOpaque(observer).takeRetainedValue().action() }
      #endif
    }
    return key
  }()

  static func observe(_ action: @escaping @Sendable () -> Void) {
    _ = pthread_setspecific(key, Unmanaged.passRetained(Observer(action)).toOpaque())
  }
}
