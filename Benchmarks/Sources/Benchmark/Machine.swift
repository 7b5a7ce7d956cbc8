import Foundation

/// What it was measured on, and with.
enum Machine {
  /// How many descriptors a process may have open.
  static var descriptorLimit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_max)
  }

  ///
  /// - Parameter folder: Of the package of the benchmarks.
  static func text(_ folder: String) -> String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model =
      info.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " ?"
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "?"
    let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "?"
    let version = (try? output(of: ["swift", "--version"])) ?? ""
    let swift = version.split(separator: " ").drop { $0 != "version" }.dropFirst().first ?? "?"
    let commit = (try? output(of: ["git", "-C", folder, "rev-parse", "--short", "HEAD"])) ?? "?"
    let day = Date.now.formatted(.iso8601.year().month().day())
    return "\(day), commit \(commit), Swift \(swift), SwiftNIO \(nioVersion(in: folder)); "
      + "\(ProcessInfo.processInfo.processorCount) cores,\(model); Linux "
      + "\(kernel.trimmingCharacters(in: .whitespacesAndNewlines)); load average before "
      + "\(load.split(separator: " ").first ?? "?")."
  }

  /// As the manifest pins it.
  private static func nioVersion(in folder: String) -> Substring {
    let manifest = (try? String(contentsOfFile: folder + "/Package.swift", encoding: .utf8)) ?? ""
    let line = manifest.split(separator: "\n").first { $0.contains("apple/swift-nio\"") }
    return line?.split(separator: "\"").dropFirst(3).first ?? "?"
  }
}
