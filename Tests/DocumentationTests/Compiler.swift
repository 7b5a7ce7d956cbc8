import Foundation

/// The compiler of the toolchain, and the modules of this package as they were built for these tests.
struct Compiler {
  /// Where the build put them: what the tests were started from, `.build/debug` or what stands for it.
  private let products: URL
  /// A folder of its own for what is compiled; removed at the end.
  private let scratch: URL

  init(_ name: String) throws {
    products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    scratch = FileManager.default.temporaryDirectory.appending(path: "framing-\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: scratch) }

  /// Says what is wrong with a module of these files; empty if nothing is.
  func problems(in files: [String: String], options: [String] = []) throws -> String {
    let paths = try write(files)
    let result = try run("swiftc", ["-typecheck"] + flags + options + paths)
    return result.status == 0 ? "" : result.errors
  }

  /// Compiles a program and runs it.
  ///
  /// - Returns: What it prints, on both outputs, or what the compiler says.
  func output(of program: String) throws -> String {
    let paths = try write(["main.swift": program])
    let executable = scratch.appending(path: "program").path
    let compiled = try run("swiftc", flags + paths + objects + ["-o", executable])
    guard compiled.status == 0 else { return compiled.errors }
    let result = try run(executable, [])
    return result.output + result.errors + (result.status == 0 ? "" : "ended with \(result.status)\n")
  }

  /// The public symbols of a module, as `swift symbolgraph-extract` writes them.
  func symbolGraph(of module: String) throws -> Data {
    let result = try run(
      "swift",
      ["symbolgraph-extract", "-module-name", module, "-target", about("target", "triple")] + modules
        + ["-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", scratch.path])
    guard result.status == 0 else { throw Failure(text: result.errors) }
    return try Data(contentsOf: scratch.appending(path: module + ".symbols.json"))
  }

  struct Failure: Error { let text: String }

  /// What a file needs that says what a package is.
  func manifestFlags() throws -> [String] {
    let library = try about("paths", "runtimeResourcePath") + "/pm/ManifestAPI"
    return ["-I", library, "-package-description-version", "6.2"]
  }

  /// What the compiler says about itself.
  private func about(_ subject: String, _ key: String) throws -> String {
    let text = try run("swiftc", ["-print-target-info"]).output
    let info = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    guard let value = (info?[subject] as? [String: Any])?[key] as? String else {
      throw Failure(text: "swiftc -print-target-info does not say \(key)")
    }
    return value
  }

  private var modules: [String] {
    let shims = products.appending(path: "CSystemShims.build/module.modulemap").path
    return ["-I", products.appending(path: "Modules").path, "-Xcc", "-fmodule-map-file=" + shims]
  }

  private var flags: [String] { ["-swift-version", "6"] + modules }

  private var objects: [String] {
    ["Framing", "FramingTransport", "FramingTestKit", "FramingSimulation", "CSystemShims"].flatMap { module in
      let folder = products.appending(path: module + ".build")
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.filter { $0.hasSuffix(".o") }.map { folder.appending(path: $0).path }
    }
  }

  private func write(_ files: [String: String]) throws -> [String] {
    try files.sorted { $0.key < $1.key }.map { name, content in
      let file = scratch.appending(path: name)
      try content.write(to: file, atomically: false, encoding: .utf8)
      return file.path
    }
  }

  /// Runs a program to its end. What it prints goes through files, so that neither output can be full.
  private func run(_ program: String, _ arguments: [String]) throws -> (
    status: Int32, output: String, errors: String
  ) {
    let name = UUID().uuidString
    let files = ["out", "err"].map { scratch.appending(path: "\(name).\($0)") }
    for file in files { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return (process.terminationStatus, texts[0], texts[1])
  }
}
