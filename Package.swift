// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "swift-framing",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Framing", targets: ["Framing"]),
    .library(name: "FramingTransport", targets: ["FramingTransport"]),
    .library(name: "FramingTestKit", targets: ["FramingTestKit"]),
    .library(name: "FramingSimulation", targets: ["FramingSimulation"]),
    .executable(name: "framed-echo", targets: ["FramedEcho"]),
    .executable(name: "framing", targets: ["FramingTool"]),
  ],
  targets: [
    // The core: where a frame ends. Imports nothing.
    .target(name: "Framing", swiftSettings: settings),
    // Sockets, selectors, the event loop, and framed connections over them.
    .target(name: "FramingTransport", dependencies: ["Framing", "CSystemShims"], swiftSettings: settings),
    // The C library as the transport needs it.
    .target(name: "CSystemShims"),
    // Laws, fixtures, chunkings and replays, for framers of users too. Returns verdicts and asserts nothing.
    .target(name: "FramingTestKit", dependencies: ["Framing"], swiftSettings: settings),
    // A simulated kernel and network, on which the transport's own code runs in virtual time, with faults.
    .target(
      name: "FramingSimulation", dependencies: ["Framing", "FramingTransport", "CSystemShims"],
      swiftSettings: settings),
    // What the executables share: arguments, exit statuses, text for people, files.
    .target(name: "ToolSupport", dependencies: ["Framing"], swiftSettings: settings),
    // The echo application, over the public API only.
    .executableTarget(
      name: "FramedEcho", dependencies: ["Framing", "FramingTransport", "ToolSupport"],
      swiftSettings: settings),
    // The tool for streams in files: decode, encode, inspect, replay.
    .executableTarget(
      name: "FramingTool", dependencies: ["Framing", "FramingTestKit", "ToolSupport"], swiftSettings: settings
    ),

    .testTarget(name: "FramingTests", dependencies: ["Framing"], swiftSettings: settings),
    .testTarget(
      name: "FramingTransportTests", dependencies: ["Framing", "FramingTransport"], swiftSettings: settings),
    .testTarget(
      name: "FramingTestKitTests", dependencies: ["Framing", "FramingTestKit"], swiftSettings: settings),
    // Reads its plans where they stand.
    .testTarget(
      name: "FramingSimulationTests",
      dependencies: ["CSystemShims", "Framing", "FramingTransport", "FramingSimulation"],
      exclude: ["Plans"], swiftSettings: settings),
    .testTarget(
      name: "ToolTests",
      dependencies: ["FramedEcho", "Framing", "FramingTool", "FramingTransport", "ToolSupport"],
      exclude: ["transcripts"],
      swiftSettings: settings),
    // Reads PROTOCOL.md, Fixtures and Sources where they stand.
    .testTarget(
      name: "FixtureTests", dependencies: ["Framing", "FramingTestKit", "FramingTransport"],
      swiftSettings: settings),
    // Compiles and runs the code of the documentation; depends on what that code may use.
    .testTarget(
      name: "DocumentationTests",
      dependencies: ["Framing", "FramingTransport", "FramingTestKit", "FramingSimulation"],
      swiftSettings: settings),
  ]
)
