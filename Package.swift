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
    .library(name: "FramingTestKit", targets: ["FramingTestKit"]),
  ],
  targets: [
    // The core: where a frame ends. Imports nothing.
    .target(name: "Framing", swiftSettings: settings),
    // Fixtures, chunkings and replays, for framers of users too. Returns verdicts and asserts nothing.
    .target(name: "FramingTestKit", dependencies: ["Framing"], swiftSettings: settings),
    .testTarget(name: "FramingTests", dependencies: ["Framing"], swiftSettings: settings),
    .testTarget(
      name: "FramingTestKitTests", dependencies: ["Framing", "FramingTestKit"], swiftSettings: settings),
    // Reads PROTOCOL.md, Fixtures and Sources where they stand.
    .testTarget(name: "FixtureTests", dependencies: ["Framing", "FramingTestKit"], swiftSettings: settings),
  ]
)
