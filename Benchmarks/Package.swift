// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

// A package of its own, so that swift-framing itself depends on no other.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    // To be preloaded: it counts allocations.
    .library(name: "malloc-count", type: .dynamic, targets: ["malloc-count"])
  ],
  dependencies: [
    .package(name: "swift-framing", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
  ],
  targets: [
    // The program that measures and prints.
    .executableTarget(
      name: "benchmark",
      dependencies: [
        "CDecoders",
        .product(name: "Framing", package: "swift-framing"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
      ],
      path: "Sources/Benchmark", swiftSettings: settings),
    // What it measures against, and with.
    .executableTarget(
      name: "nio-echo",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
      ],
      path: "Sources/NIOEcho", swiftSettings: settings),
    .executableTarget(
      name: "busy-echo",
      dependencies: [
        .product(name: "Framing", package: "swift-framing"),
        .product(name: "FramingTransport", package: "swift-framing"),
      ], swiftSettings: settings),
    .executableTarget(name: "c-echo", cSettings: [.unsafeFlags(["-O2"])]),
    .executableTarget(name: "c-load", cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "malloc-count", cSettings: [.unsafeFlags(["-O2", "-fno-builtin"])]),
    .target(name: "CDecoders", cSettings: [.unsafeFlags(["-O2"])]),
  ]
)
