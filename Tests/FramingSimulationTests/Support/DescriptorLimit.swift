#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Sets the limit of open files of this process; answers whether the system took it.
func setDescriptorLimit(_ count: UInt64) -> Bool {
  #if canImport(Glibc)
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
  let resource = RLIMIT_NOFILE
  #endif
  var limit = rlimit()
  guard getrlimit(resource, &limit) == 0 else { return false }
  limit.rlim_cur = rlim_t(count)
  return setrlimit(resource, &limit) == 0
}
