import Foundation

/// What it was measured on.
enum Machine {
  /// How many descriptors a process may have open.
  static var descriptorLimit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_max)
  }

  static var text: String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model =
      info.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " ?"
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "?"
    let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "?"
    return "\(ProcessInfo.processInfo.processorCount) cores,\(model); Linux "
      + "\(kernel.trimmingCharacters(in: .whitespacesAndNewlines)); load average before "
      + "\(load.split(separator: " ").first ?? "?")."
  }
}
