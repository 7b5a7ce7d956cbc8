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

  /// Whether the modules want the run time of a sanitizer, which programs here would lack.
  static let isSanitized: Bool = {
    let process = dlopen(nil, RTLD_LAZY)
    return dlsym(process, "__asan_init") != nil || dlsym(process, "__tsan_init") != nil
  }()

  func remove() { try? FileManager.default.removeItem(at: scratch) }

  /// Says what is wrong with a module of these files; empty if nothing is.
  func problems(in files: [String: String], options: [String] = []) async throws -> String {
    let paths = try write(files)
    let result = try await run("swiftc", ["-typecheck"] + flags + options + paths)
    return result.status == 0 ? "" : result.errors
  }

  /// Compiles a program and runs it.
  ///
  /// - Returns: What it prints, on both outputs, or what the compiler says.
  func output(of program: String) async throws -> String {
    let paths = try write(["main.swift": program])
    let executable = scratch.appending(path: "program").path
    let compiled = try await run("swiftc", flags + paths + (try objects) + ["-o", executable])
    guard compiled.status == 0 else { return compiled.errors }
    let result = try await run(executable, [])
    return result.output + result.errors + (result.status == 0 ? "" : "ended with \(result.status)\n")
  }

  /// The public symbols of a module, as `swift symbolgraph-extract` writes them.
  func symbolGraph(of module: String) async throws -> Data {
    let target = try await about("target", "triple")
    let result = try await run(
      "swift",
      ["symbolgraph-extract", "-module-name", module, "-target", target] + modules
        + ["-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", scratch.path])
    guard result.status == 0 else { throw Failure(text: result.errors) }
    return try Data(contentsOf: scratch.appending(path: module + ".symbols.json"))
  }

  struct Failure: Error { let text: String }

  /// What a file needs that says what a package is.
  func manifestFlags() async throws -> [String] {
    let library = try await about("paths", "runtimeResourcePath") + "/pm/ManifestAPI"
    return ["-I", library, "-package-description-version", "6.2"]
  }

  /// What the compiler says about itself.
  private func about(_ subject: String, _ key: String) async throws -> String {
    let text = try await run("swiftc", ["-print-target-info"]).output
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

  /// What is linked to a program. Not every object file that is there: some may be of sources that are no more.
  private var objects: [String] {
    get throws {
      let swift = try ["Framing", "FramingTransport", "FramingTestKit", "FramingSimulation"].flatMap {
        module in
        let map = products.appending(path: "\(module).build/output-file-map.json")
        let files =
          try JSONSerialization.jsonObject(with: Data(contentsOf: map)) as? [String: [String: String]]
        return files?.values.compactMap { $0["object"] }.sorted() ?? []
      }
      return swift + [products.appending(path: "CSystemShims.build/shims.c.o").path]
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
  private func run(_ program: String, _ arguments: [String]) async throws -> (
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
    // No thread waits: other tests share the few that there are.
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return (process.terminationStatus, texts[0], texts[1])
  }
}
