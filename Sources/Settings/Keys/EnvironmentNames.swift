// SPDX-License-Identifier: Apache-2.0

/// What environment variables that begin with `SLIPWAY_` mean.
enum EnvironmentNames {
    /// Whether a variable is none of the worker's.
    ///
    /// Those are the names of our other programs and scripts, the configuration file's own name, and what Kubernetes sets
    /// in every container for a service called `slipway` or `slipway-something` (kubernetes.io, "Accessing the Service").
    static func isForeign(_ name: String, _ value: String) -> Bool {
        if name == "SLIPWAY_CONFIG" || name == "SLIPWAY_BIN" { return true }
        if ["SLIPWAY_SANDBOX_", "SLIPWAY_BENCH_"].contains(where: name.hasPrefix) { return true }
        if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
            return true
        }
        let protocols = ["tcp", "udp", "sctp"]
        if name.hasSuffix("_PORT"), protocols.contains(where: { value.hasPrefix($0 + "://") }) { return true }
        guard let port = name.firstRange(of: "_PORT_") else { return false }
        let parts = name[port.upperBound...].split(separator: "_")
        guard let number = parts.first, UInt16(number) != nil, parts.count > 1 else { return false }
        return protocols.contains(parts[1].lowercased())
    }

    /// The librdkafka property that a variable names, or `nil`: `SLIPWAY_KAFKA_SASL_MECHANISM` is `sasl.mechanism`.
    static func property(_ name: String) -> String? {
        let prefix = "SLIPWAY_KAFKA_"
        guard name.hasPrefix(prefix), name.count > prefix.count else { return nil }
        return name.dropFirst(prefix.count).lowercased().split(separator: "_").joined(separator: ".")
    }
}
