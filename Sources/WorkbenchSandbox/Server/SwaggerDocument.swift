// SPDX-License-Identifier: Apache-2.0

/// What can be read without a key: the sandbox's own definition of its operations, and the workbench's version.
enum SwaggerDocument {
    static let path = Sandbox.apiPrefix + "swagger.json"

    static func delivery(for request: SandboxRequest) -> SandboxDelivery {
        self.reply(request, self.text)
    }

    /// `/sense-bootstrap.json`, from which clients read a workbench's version.
    static func bootstrap(for request: SandboxRequest) -> SandboxDelivery {
        self.reply(
            request,
            ProtoWriter.object { writer in
                writer.string("gitSha", "sandbox")
                writer.bool("enable_ai_studios", false)
            }
        )
    }

    private static func reply(_ request: SandboxRequest, _ body: [UInt8]) -> SandboxDelivery {
        guard request.method == "GET" else {
            var refusal = SandboxDelivery(APIFailure(.unimplemented, "Method Not Allowed", status: 405))
            refusal.headers.append(("Allow", "GET"))
            return refusal
        }
        return SandboxDelivery(status: 200, body: body)
    }

    private static let text = ProtoWriter.object { writer in
        writer.string("swagger", "2.0")
        writer.object("info") { writer in
            writer.string("title", "Workbench sandbox: the part of API v2 that it simulates")
            writer.string("version", "1")
        }
        writer.object("securityDefinitions") { writer in
            writer.object("BearerAuth") { writer in
                writer.string("type", "apiKey")
                writer.string("in", "header")
                writer.string("name", "Authorization")
            }
        }
        writer.object("paths") { writer in
            let templates = Dictionary(grouping: Operation.allCases, by: \.route.template)
            for (template, operations) in templates.sorted(by: { $0.key < $1.key }) {
                writer.member(Sandbox.apiRoot + template) { writer in
                    writer.object { writer in
                        for operation in operations { SwaggerDocument.write(operation, to: &writer) }
                    }
                }
            }
        }
    }

    private static func write(_ operation: Operation, to writer: inout ProtoWriter) {
        writer.member(operation.route.method.lowercased()) { writer in
            writer.object { writer in
                writer.string("operationId", operation.rawValue)
                writer.array("parameters") { self.writeParameters(operation, to: &$0) }
                writer.object("responses") { writer in
                    writer.object("200") { $0.string("description", "The call was accepted.") }
                    writer.object("default") { $0.string("description", "The call was refused.") }
                }
            }
        }
    }

    private static func writeParameters(_ operation: Operation, to writer: inout ProtoWriter) {
        for part in operation.route.template.split(separator: "{").dropFirst() {
            writer.object { writer in
                writer.string("name", String(part.prefix { $0 != "}" }))
                writer.string("in", "path")
                writer.bool("required", true)
                writer.string("type", "string")
            }
        }
        guard let type = operation.requestType else { return }
        writer.object { writer in
            writer.string("name", "body")
            writer.string("in", "body")
            writer.object("schema") { writer in
                writer.string("title", type.name)
                writer.string("type", "object")
            }
        }
    }
}
