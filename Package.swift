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

func tests(_ name: String, _ dependencies: [Target.Dependency], data: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: data, swiftSettings: habits)
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

        part("Values"),
        part("Threads", ["Values"]),
        part("Kafka", ["CRdkafka", "Threads", "Values"]),
        part("HTTPValues", ["Values"]),
        part("HTTPClient", ["CCurl", "CEpoll", "HTTPValues", "Threads", "Values"]),
        part("HTTPServer", ["CEvent", "HTTPValues", "Threads", "Values"]),
        part("JSON", ["Values"]),
        part("Processes", ["CMalloc", "Files", "Threads"]),
        part("Settings", ["CYAML", "Files", "Notation", "Values"]),
        part("Digest", ["CCrypto", "Values"]),
        part("Notation"),
        part("Files"),
        part("Telemetry", ["Files", "Threads", "Values"]),
        part("CommandTable", ["Files", "Notation", "Threads", "Values"]),
        part("WorkbenchAPI", ["Files", "HTTPValues", "JSON", "Values"]),
        part("Rollouts", ["Digest", "JSON", "Notation", "Values"]),
        part("WorkbenchCalls", ["HTTPValues", "JSON", "Rollouts", "Values", "WorkbenchAPI"]),
        part("Machine", ["HTTPValues", "Rollouts", "Values", "WorkbenchAPI", "WorkbenchCalls"]),
        part(
            "Worker",
            [
                "HTTPClient", "HTTPValues", "Kafka", "Machine", "Rollouts", "Telemetry", "Threads", "Values",
                "WorkbenchAPI",
            ]
        ),
        part("Operations", ["HTTPServer", "JSON", "Telemetry", "Values"]),
        part("WorkbenchSandbox", ["Files", "HTTPServer", "HTTPValues", "JSON", "Values"]),
        part(
            "SandboxPrograms",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Kafka", "Notation",
                "Processes",
                "Values", "WorkbenchSandbox",
            ]
        ),
        // Neither Kafka nor HTTPClient: the compiler proves that nothing real is in it.
        part(
            "Simulation",
            [
                "HTTPValues", "JSON", "Machine", "Rollouts", "Values", "WorkbenchAPI", "WorkbenchSandbox",
            ]
        ),
        part("SimulationProgram", ["CommandTable", "Files", "JSON", "Simulation"]),
        part(
            "Commands",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Kafka", "Machine",
                "Notation",
                "Operations",
                "Processes", "Rollouts", "Settings", "Telemetry", "Threads", "Values", "WorkbenchAPI", "Worker",
            ]
        ),
        part(
            "Drill",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Kafka", "Processes",
                "Rollouts",
                "SandboxPrograms", "Values", "WorkbenchSandbox",
            ]
        ),
        part(
            "Bench",
            [
                "CommandTable", "Files", "HTTPClient", "HTTPValues", "JSON", "Kafka", "Notation", "Processes",
                "Rollouts",
                "Values",
            ]
        ),
        part("TestSupport", ["HTTPValues", "JSON", "Kafka", "Threads", "Values", "WorkbenchSandbox"]),

        program("slipway", ["Commands", "CommandTable"]),
        program("slipway-sandbox", ["CommandTable", "Drill", "SandboxPrograms", "SimulationProgram"]),
        program("slipway-bench", ["Bench", "CommandTable"]),
        // `slipway run` that can leave out what its guarantees cost, for a figure of it; in no product.
        program(
            "bench-worker",
            [
                "Commands", "CommandTable", "HTTPValues", "Kafka", "Machine", "Rollouts", "Values", "WorkbenchAPI",
                "Worker",
            ]
        ),

        // For tests only, so in no product: `slipway run` that can stop at a step boundary or lack a guarantee.
        program(
            "drill-worker",
            [
                "Commands", "CommandTable", "HTTPValues", "Kafka", "Machine", "Rollouts", "Simulation", "WorkbenchAPI",
                "Worker",
            ]
        ),

        // Under the thread sanitizer it takes the place of C11's threads, which librdkafka uses; empty otherwise.
        .target(name: "CThreadShim", path: "Tests/CThreadShim"),
        tests("ThreadsTests", ["Threads"]),
        tests("SimulationTests", ["Files", "Simulation", "Values"], data: ["Plans"]),
        tests(
            "PortTests",
            [
                "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Kafka", "Machine", "Rollouts", "Simulation",
                "Telemetry", "TestSupport", "Values", "WorkbenchAPI", "WorkbenchSandbox", "Worker",
            ]
        ),
        tests("KafkaTests", ["CThreadShim", "Files", "Kafka", "Processes", "TestSupport", "Threads", "Values"]),
        tests("HTTPTests", ["HTTPClient", "HTTPServer", "HTTPValues", "TestSupport", "Threads", "Values"]),
        tests("ValuesTests", ["Values"]),
        tests("JSONTests", ["JSON"]),
        tests("ProcessesTests", ["Processes"]),
        tests("BenchTests", ["Bench", "CommandTable", "bench-worker"]),
        tests("NotationTests", ["Notation"]),
        tests("FilesTests", ["Files"]),
        tests("SettingsTests", ["Files", "Settings", "Notation", "Telemetry", "Values"]),
        tests("DigestTests", ["Digest"]),
        tests("TelemetryTests", ["Files", "Telemetry", "Values"]),
        tests("CommandTableTests", ["CommandTable", "Notation"]),
        tests(
            "WorkbenchAPITests",
            [
                "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Telemetry", "TestSupport", "Values", "WorkbenchAPI",
                "WorkbenchSandbox",
            ]
        ),
        tests("RolloutsTests", ["CMalloc", "JSON", "Rollouts", "Values"]),
        tests("WorkbenchCallsTests", ["HTTPValues", "JSON", "Rollouts", "Values", "WorkbenchAPI", "WorkbenchCalls"]),
        tests(
            "MachineTests",
            ["HTTPValues", "Machine", "Rollouts", "Values", "WorkbenchAPI", "WorkbenchSandbox"]
        ),
        // Of `drill-worker` the program itself is needed, beside the tests'.
        tests(
            "DrillTests",
            [
                "CommandTable", "Drill", "Files", "HTTPServer", "Kafka", "Processes", "Rollouts", "SandboxPrograms",
                "Simulation", "TestSupport", "Values", "WorkbenchSandbox",
                "drill-worker",
            ]
        ),
        tests(
            "OperationsTests",
            ["Operations", "HTTPClient", "HTTPServer", "HTTPValues", "Telemetry", "TestSupport", "Values"]
        ),
        tests(
            "WorkbenchSandboxTests",
            ["HTTPClient", "HTTPServer", "HTTPValues", "JSON", "TestSupport", "Values", "WorkbenchSandbox"]
        ),
        tests(
            "SandboxProgramsTests",
            [
                "CommandTable", "HTTPServer", "JSON", "Kafka", "SandboxPrograms", "TestSupport", "Values",
                "WorkbenchSandbox",
            ]
        ),
        tests(
            "WorkerTests",
            [
                "Worker", "Machine", "WorkbenchCalls", "WorkbenchSandbox", "WorkbenchAPI", "HTTPClient", "HTTPServer",
                "Files", "HTTPValues", "JSON", "Kafka", "Processes",
                "Rollouts", "Telemetry", "TestSupport", "Threads", "Commands", "CommandTable", "Values",
            ]
        ),
        tests(
            "CommandsTests",
            [
                "Commands", "CommandTable", "Files", "HTTPClient", "HTTPServer", "HTTPValues", "JSON", "Kafka",
                "Rollouts",
                "Settings", "Telemetry", "Values", "WorkbenchSandbox", "TestSupport",
            ]
        ),
    ]
)
