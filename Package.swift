// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// The same habits for every target: warnings are errors, isolation and imports are spelt out.
let habits: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A C library of the distribution, found by pkg-config.
func library(_ name: String, pkgConfig: String, debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func part(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: habits)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: habits)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: habits)
}

let package = Package(
    name: "slipway",
    products: [
        .executable(name: "slipway", targets: ["slipway"]),
        .executable(name: "slipway-sandbox", targets: ["slipway-sandbox"]),
        .executable(name: "slipway-bench", targets: ["slipway-bench"]),
    ],
    targets: [
        library("CRdkafka", pkgConfig: "rdkafka", debian: "librdkafka-dev"),
        library("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
        library("CEvent", pkgConfig: "libevent_pthreads", debian: "libevent-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", debian: "libyaml-dev"),
        library("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),

        // Of glibc, which every program is linked with.
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CEpoll"),

        part("Threads"),
        part("Kafka", ["CRdkafka", "Threads"]),
        part("HTTPClient", ["CCurl", "CEpoll", "Threads"]),
        part("HTTPServer", ["CEvent", "Threads"]),
        part("Timestamps"),
        part("JSON"),
        part("Processes", ["CMalloc", "Files", "Threads"]),
        part("Settings", ["CYAML", "Files", "Notation", "Telemetry", "Timestamps"]),
        part("Digest", ["CCrypto"]),
        part("Notation"),
        part("Files"),
        part("Telemetry", ["Files", "Threads", "Timestamps"]),
        part("CommandTable", ["Files", "Notation", "Threads"]),
        part("WorkbenchAPI", ["HTTPClient", "Telemetry", "Timestamps"]),
        part("Rollouts", ["Digest", "JSON", "Timestamps"]),
        part("Worker", ["JSON", "Kafka", "WorkbenchAPI", "Rollouts", "Telemetry", "Threads", "Timestamps"]),
        part("Operations", ["HTTPServer", "Telemetry", "Timestamps"]),
        part("WorkbenchSandbox", ["Files", "HTTPServer", "JSON"]),
        part(
            "SandboxPrograms",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPServer", "JSON", "Kafka", "Notation", "Processes",
                "WorkbenchSandbox",
            ]
        ),
        part(
            "Commands",
            [
                "CommandTable", "Files", "JSON", "Notation", "Settings", "Kafka", "HTTPClient", "HTTPServer",
                "WorkbenchAPI",
                "Rollouts", "Worker", "Operations", "Processes", "Telemetry", "Threads", "Timestamps",
            ]
        ),
        part(
            "Drill",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPServer", "JSON", "Kafka", "Processes", "Rollouts",
                "SandboxPrograms", "WorkbenchSandbox",
            ]
        ),
        part(
            "Bench",
            ["CommandTable", "Files", "HTTPClient", "JSON", "Kafka", "Notation", "Processes", "Rollouts"]
        ),
        part("TestSupport", ["HTTPClient", "JSON", "Kafka", "WorkbenchSandbox"]),

        program("slipway", ["Commands", "CommandTable"]),
        program("slipway-sandbox", ["CommandTable", "Drill", "SandboxPrograms"]),
        program("slipway-bench", ["Bench", "CommandTable"]),

        // For tests only, so in no product: `slipway run` that can stop at a step boundary or lack a guarantee.
        program("drill-worker", ["Commands", "CommandTable", "Worker"]),

        // Under the thread sanitizer it takes the place of C11's threads, which librdkafka uses; empty otherwise.
        .target(name: "CThreadShim", path: "Tests/CThreadShim"),
        tests("ThreadsTests", ["Threads"]),
        tests("KafkaTests", ["CThreadShim", "Kafka", "TestSupport", "Threads"]),
        tests("HTTPTests", ["HTTPClient", "HTTPServer", "TestSupport", "Threads"]),
        tests("TimestampsTests", ["Timestamps"]),
        tests("JSONTests", ["JSON"]),
        tests("ProcessesTests", ["Processes"]),
        tests("BenchTests", ["Bench", "CommandTable"]),
        tests("NotationTests", ["Notation"]),
        tests("FilesTests", ["Files"]),
        tests("SettingsTests", ["Files", "Settings", "Notation", "Telemetry", "Timestamps"]),
        tests("DigestTests", ["Digest"]),
        tests("TelemetryTests", ["Files", "Telemetry", "Timestamps"]),
        tests("CommandTableTests", ["CommandTable", "Notation"]),
        tests(
            "WorkbenchAPITests",
            ["WorkbenchAPI", "WorkbenchSandbox", "HTTPClient", "HTTPServer", "Telemetry", "Timestamps", "TestSupport"]
        ),
        tests("RolloutsTests", ["JSON", "Rollouts", "TestSupport"]),
        // Of `drill-worker` the program itself is needed, beside the tests'.
        tests(
            "DrillTests",
            [
                "CommandTable", "Drill", "HTTPServer", "Kafka", "Processes", "SandboxPrograms", "TestSupport", "Worker",
                "WorkbenchSandbox",
                "drill-worker",
            ]
        ),
        tests("OperationsTests", ["Operations", "HTTPClient", "HTTPServer", "Telemetry", "Timestamps"]),
        tests("WorkbenchSandboxTests", ["HTTPClient", "HTTPServer", "JSON", "TestSupport", "WorkbenchSandbox"]),
        tests(
            "SandboxProgramsTests",
            ["CommandTable", "HTTPServer", "JSON", "Kafka", "SandboxPrograms", "TestSupport", "WorkbenchSandbox"]
        ),
        tests(
            "WorkerTests",
            [
                "Worker", "WorkbenchSandbox", "WorkbenchAPI", "HTTPClient", "HTTPServer", "JSON", "Kafka", "Processes",
                "Rollouts", "Telemetry", "TestSupport", "Threads", "Commands", "CommandTable",
            ]
        ),
        tests(
            "CommandsTests",
            [
                "Commands", "CommandTable", "Files", "HTTPClient", "HTTPServer", "JSON", "Kafka", "Rollouts",
                "Settings", "Telemetry", "Timestamps", "WorkbenchSandbox", "TestSupport",
            ]
        ),
    ]
)
