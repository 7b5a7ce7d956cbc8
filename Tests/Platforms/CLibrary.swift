// What Swift's own modules of C libraries, Musl and Darwin, add to the C headers, as far as the tools use it: macros that
// the importer does not see. For type checks only; see Scripts/platforms.

@_exported import CLibrary

/// `errno`
public var errno: CInt {
  get { __errno_location().pointee }
  set { __errno_location().pointee = newValue }
}

/// `SIG_DFL`
public var SIG_DFL: (@convention(c) (CInt) -> Void)? { nil }
/// `S_IFMT`
public var S_IFMT: mode_t { 0o170000 }
/// `S_IFDIR`
public var S_IFDIR: mode_t { 0o040000 }
/// `S_IFREG`
public var S_IFREG: mode_t { 0o100000 }
/// `open`
public func open(_ path: UnsafePointer<CChar>, _ flags: CInt) -> CInt { 0 }
