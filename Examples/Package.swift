// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as that of anybody who depends on swift-framing. `Examples/check` builds and runs each program.
let framing = Target.Dependency.product(name: "Framing", package: "swift-framing")
let transport = Target.Dependency.product(name: "FramingTransport", package: "swift-framing")

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-framing", path: "..")],
  targets: [
    .executableTarget(name: "chat", dependencies: [framing, transport], path: "Chat"),
    .executableTarget(name: "request-reply", dependencies: [framing, transport], path: "RequestReply"),
    .executableTarget(name: "dns-lookup", dependencies: [framing, transport], path: "DNSLookup"),
    .executableTarget(name: "key-value", dependencies: [framing], path: "KeyValue"),
    .executableTarget(name: "serial-link", dependencies: [framing], path: "SerialLink"),
    .executableTarget(name: "language-server", dependencies: [framing], path: "LanguageServer"),
  ]
)
