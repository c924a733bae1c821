// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// The service that answers requests to deployed models, outside API v2.
package enum ModelService {
    /// Its root on the sandbox's address; a real workbench has a host of its own for it.
    package static let root = "/modelservice"
    /// Where models are called.
    static let path = root + "/model"
    /// Largest request in bytes.
    static let maximumRequestBytes = 5 << 20

    /// A refusal in the service's own shape.
    struct Refusal: Error, Equatable {
        let status: Int
        let code: String
        let message: String

        /// All replicas were busy for too long.
        static let busy = Refusal(status: 429, code: "model.busy", message: "all replicas of the model are busy")

        var body: [UInt8] {
            ProtoWriter.object { writer in
                writer.bool("success", false)
                writer.object("errors") { writer in
                    writer.string("code", self.code)
                    writer.string("message", self.message)
                }
            }
        }
    }
}

extension Workbench {
    /// Answers a request to a model.
    ///
    /// - Parameters:
    ///   - body: `{"accessKey": "...", "request": ...}`.
    ///   - accessKey: The key from the query; used where the body has none.
    ///   - isAuthorized: Whether the caller sent a good bearer key.
    ///   - now: The moment of the request.
    /// - Returns: The JSON of a reply with status 200.
    /// - Throws: `ModelService.Refusal` if no such model is up, or the request can't be answered.
    mutating func callModel(
        body: [UInt8],
        accessKey: String,
        isAuthorized: Bool,
        now: Timestamp
    ) throws(ModelService.Refusal) -> [UInt8] {
        guard body.count <= ModelService.maximumRequestBytes else {
            throw ModelService.Refusal(status: 413, code: "request.too_large", message: "at most 5 MB are allowed")
        }
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: body)
        } catch {
            throw ModelService.Refusal(status: 400, code: "request.invalid", message: "not JSON: \(error)")
        }
        let key = value["accessKey"]?.text ?? accessKey
        guard let position = self.modelsByAccessKey[key], let model = self.models[position] else {
            throw ModelService.Refusal(status: 404, code: "model.not_found", message: "no model has this access key")
        }
        guard isAuthorized || !model.isAuthenticated else {
            throw ModelService.Refusal(status: 401, code: "unauthorized", message: "a bearer key is required")
        }
        guard let request = value["request"] else {
            throw ModelService.Refusal(status: 400, code: "request.invalid", message: "request is required")
        }
        guard let deployment = self.runningDeployment(of: position, at: now) else {
            throw ModelService.Refusal(status: 503, code: "model.unavailable", message: "no deployment is up")
        }
        guard deployment.marker != .prediction else {
            throw ModelService.Refusal(
                status: 500,
                code: "model.error",
                message: "the model failed (asked for by \(FailureMarker.tag))"
            )
        }
        return self.answer(request, from: deployment)
    }

    private mutating func runningDeployment(of model: Int, at now: Timestamp) -> DeploymentRecord? {
        self.settle(model: model, at: now)
        let deployments = self.models[model]?.active.compactMap { self.deployments[$0] } ?? []
        return deployments.last { $0.status(at: now) == .deployed }
    }

    /// The function's value; for a model of the registry wrapped with metrics.
    private mutating func answer(_ request: JSONValue, from deployment: DeploymentRecord) -> [UInt8] {
        let prediction = Prediction.of(request)
        let isRegistered =
            self.builds.position(of: deployment.buildID)
            .flatMap { self.builds[$0] }.map { !$0.versionID.isEmpty } ?? false
        let uuid = self.identifiers.uuid()
        return ProtoWriter.object { writer in
            writer.bool("success", true)
            if isRegistered {
                writer.object("response") { writer in
                    writer.string("model_deployment_crn", deployment.crn)
                    writer.value("prediction", prediction)
                    writer.string("uuid", uuid)
                }
            } else {
                writer.value("response", prediction)
            }
        }
    }
}

/// What the sandbox's models say: a class, 0 or 1, for each row, which depends on the request alone.
private enum Prediction {
    /// One class per row of `dataframe_split` or `dataframe_records`, or one for the whole request.
    static func of(_ request: JSONValue) -> JSONValue {
        let rows = request["dataframe_split"]?["data"]?.elements ?? request["dataframe_records"]?.elements
        return .array((rows ?? [request]).map { .integer(Int64(self.hash(of: $0) & 1)) })
    }

    /// FNV-1a over the JSON text.
    private static func hash(of value: JSONValue) -> UInt64 {
        var writer = JSONWriter()
        writer.value(value)
        let hash = writer.bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        // The lowest bit of FNV is the parity of the bytes' lowest bits: a poor coin.
        return hash >> 32
    }
}
