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
    .library(name: "Framing", targets: ["Framing"])
  ],
  targets: [
    // The core: where a frame ends. Imports nothing.
    .target(name: "Framing", swiftSettings: settings),
    // Sockets, selectors, the event loop, and framed connections over them.
    .target(name: "FramingTransport", dependencies: ["Framing", "CSystemShims"], swiftSettings: settings),
    // The C library as the transport needs it.
    .target(name: "CSystemShims"),
    .testTarget(name: "FramingTests", dependencies: ["Framing"], swiftSettings: settings),
  ]
)
